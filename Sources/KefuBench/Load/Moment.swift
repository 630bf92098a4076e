import Glibc

/// Readings of the system's clocks in nanoseconds.
enum Moment {
    /// Since boot; for durations.
    static func monotonic() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Since 1970; comparable with what Redis on this machine calls now.
    static func wall() -> Int64 { read(CLOCK_REALTIME) }

    /// CPU time of the calling thread.
    static func ownCPU() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// CPU time of a whole process, its finished threads included; 0 when it is gone.
    static func cpu(ofProcess id: pid_t) -> Int64 {
        var clock = clockid_t()
        return clock_getcpuclockid(id, &clock) == 0 ? read(clock) : 0
    }

    /// CPU time of all child processes that have ended so far.
    static func cpuOfEndedChildren() -> Int64 {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage) == 0 else { return 0 }
        let time = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return Int64(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000_000 + Int64(time) * 1000
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        guard clock_gettime(clock, &now) == 0 else { return 0 }
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
