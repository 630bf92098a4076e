import Glibc
import Metrics

/// What the system says of this process, under the names that Prometheus's own clients use.
struct ProcessReadings: Sendable {
    private let cpu: Meter
    private let resident: Meter
    private let virtual: Meter
    private let openFiles: Meter
    private let mostFiles: Meter

    /// - Parameter version: of the program.
    init(version: String, _ factory: any MetricsFactory) {
        cpu = Meter(label: "process_cpu_seconds_total", factory: factory)
        resident = Meter(label: "process_resident_memory_bytes", factory: factory)
        virtual = Meter(label: "process_virtual_memory_bytes", factory: factory)
        openFiles = Meter(label: "process_open_fds", factory: factory)
        mostFiles = Meter(label: "process_max_fds", factory: factory)
        Meter(label: "process_start_time_seconds", factory: factory).set(Self.now())
        Meter(label: "kefu_build_info", dimensions: [("version", version)], factory: factory).set(1)
    }

    func update() {
        cpu.set(Self.cpuSeconds())
        let memory = Self.pages()
        resident.set(memory.map { Double($0.resident * sysconf(Int32(_SC_PAGESIZE))) } ?? .nan)
        virtual.set(memory.map { Double($0.all * sysconf(Int32(_SC_PAGESIZE))) } ?? .nan)
        openFiles.set(Self.openFileCount().map(Double.init) ?? .nan)
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        mostFiles.set(isKnown ? Double(limit.rlim_cur) : .nan)
    }

    private static func now() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec / 1_000_000) / 1000
    }

    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// nil where there is no `/proc`.
    private static func pages() -> (all: Int, resident: Int)? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        let numbers = bytes.prefix(max(count, 0)).split(separator: UInt8(ascii: " ")).prefix(2).compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    private static func openFileCount() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Less `.`, `..` and the folder itself.
        return count - 3
    }
}
