import Logging
import Synchronization

/// Tells people once that Redis is gone and once that it is back, however many connections and attempts there are.
/// May be used from any thread.
final class ReachabilityLog: Sendable {
    private struct State {
        var up = 0
        /// Whether the last line said that all is well, or not; nil before the first.
        var saidWell: Bool?
    }

    private let connections: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(connections: Int, logger: Logger) {
        self.connections = connections
        self.logger = logger
    }

    func connected(complaints: [String]) {
        let isNews = state.withLock { state in
            state.up += 1
            guard state.up == connections, state.saidWell != true else { return false }
            state.saidWell = true
            return true
        }
        for complaint in complaints { logger.warning("Redis 登录步骤被拒绝", metadata: ["detail": "\(complaint)"]) }
        if isNews { logger.info("Redis 已连接", metadata: ["connections": "\(connections)"]) }
    }

    /// - Parameter wasUp: false for an attempt that failed.
    func disconnected(wasUp: Bool, reason: String) {
        let isNews = state.withLock { state in
            if wasUp { state.up -= 1 }
            defer { state.saidWell = false }
            return state.saidWell != false
        }
        if isNews { logger.warning(wasUp ? "Redis 连接中断" : "Redis 无法连接", metadata: ["detail": "\(reason)"]) }
    }
}
