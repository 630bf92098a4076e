import Foundation

/// A process that the benchmark starts, measures and ends.
final class ChildProcess {
    let id: pid_t
    private let process = Process()
    private let name: String
    private let output: URL

    /// - Parameter output: the file that takes what the process prints.
    init(_ executable: String, _ arguments: [String], environment: [String: String], output: URL) throws(BenchError) {
        name = URL(fileURLWithPath: executable).lastPathComponent
        self.output = output
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = environment.merging(["PATH": Self.searchPath]) { own, _ in own }
        do {
            try Data().write(to: output)
            let log = try FileHandle(forWritingTo: output)
            process.standardOutput = log
            process.standardError = log
            try process.run()
        } catch {
            throw BenchError("cannot start \(executable): \(error)")
        }
        id = process.processIdentifier
    }

    static var searchPath: String { ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin" }

    static func find(_ name: String) throws(BenchError) -> String {
        for folder in searchPath.split(separator: ":") {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw BenchError("\(name) is not installed")
    }

    /// Throws, with the last that it printed, when the process has ended by itself.
    func checkRunning() throws(BenchError) {
        guard !process.isRunning else { return }
        let printed = (try? String(contentsOf: output, encoding: .utf8)) ?? ""  // the exit matters more than its log
        throw BenchError("\(name) ended with \(process.terminationStatus)\n\(printed.suffix(2000))")
    }

    /// Resident memory in bytes.
    var residentBytes: Int64 {
        // `statm` counts pages; absent when the process has gone.
        let line = (try? String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8)) ?? ""
        let fields = line.split(separator: " ")
        return fields.count > 1 ? (Int64(fields[1]) ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))) : 0
    }

    /// Asks the process to end, and ends it when it has not after `patience` seconds.
    func stop(patience: Int = 5) {
        process.terminate()
        for _ in 0..<(patience * 100) where process.isRunning { usleep(10_000) }
        if process.isRunning { kill(id, SIGKILL) }
        process.waitUntilExit()
    }
}
