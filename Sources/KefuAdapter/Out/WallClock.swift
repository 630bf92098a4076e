import Glibc

/// The time as platforms want it in requests.
struct WallClock {
    /// Since 1970.
    var milliseconds: Int64

    static var now: WallClock {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return WallClock(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }

    /// As values of templates.
    var members: [(String, JSONValue)] {
        [("now_seconds", .number(milliseconds / 1000)), ("now_ms", .number(milliseconds))]
    }
}
