import Glibc
import Logging

/// How many files this process may have open at once. Connections of callers must never take those that tasks need:
/// without a free one neither the gateway nor Redis can be reached.
enum OpenFiles {
    /// Redis, callbacks, the log, name look-ups, what libraries open; what one turn accepts beyond the limit.
    static let reserve: UInt = 320

    /// Raises the limit as far as the system lets us.
    ///
    /// - Parameters:
    ///   - connections: of callers, as wanted.
    ///   - attempts: at once, each with a connection to the gateway.
    /// - Returns: for how many connections of callers there is room, at least one.
    static func room(for connections: Int, beside attempts: Int, _ logger: Logger) -> Int {
        let others = reserve + UInt(attempts)
        let limit = raise(to: UInt(connections) + others)
        let room = Int(clamping: limit > others ? limit - others : 1)
        guard room < connections else { return connections }
        logger.warning(
            "系统允许打开的文件数不足，连接数上限已降低",
            metadata: ["open_files": "\(limit)", "connections": "\(room)", "wanted": "\(connections)"])
        return room
    }

    /// - Returns: the limit from now on.
    private static func raise(to wanted: UInt) -> UInt {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        guard limit.rlim_cur < wanted else { return UInt(limit.rlim_cur) }
        let before = limit.rlim_cur
        limit.rlim_cur = min(limit.rlim_max, rlim_t(wanted))
        return UInt(setrlimit(resource, &limit) == 0 ? limit.rlim_cur : before)
    }
}
