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

    private static func read(_ clock: clockid_t) -> Int64 {
        var now = timespec()
        guard clock_gettime(clock, &now) == 0 else { return 0 }
        return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
    }
}
