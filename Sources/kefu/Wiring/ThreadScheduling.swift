import Glibc

/// How the kernel schedules the threads of this process.
enum ThreadScheduling {
    /// `SCHED_BATCH` of sched(7), which Swift's view of the C library leaves out.
    static let batch: Int32 = 3

    /// Lets no thread of this process interrupt another that runs, also not one of Redis on the same machine: each gets
    /// on with what it has, and finds more to do at once. With fewer cores than busy threads that is worth a tenth of
    /// the CPU; on a calm machine a life takes a tenth of a millisecond longer. Threads that start later, and a Redis
    /// of our own, inherit it.
    ///
    /// A policy that somebody has chosen for this process stays. Needs no rights; where it is forbidden nevertheless
    /// everything goes on as before.
    static func favorThroughput() {
        guard let threads = opendir("/proc/self/task") else { return }
        defer { closedir(threads) }
        while let entry = readdir(threads) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            var parameters = sched_param()
            if let thread = pid_t(name), sched_getscheduler(thread) == SCHED_OTHER {
                _ = sched_setscheduler(thread, batch, &parameters)
            }
        }
    }
}
