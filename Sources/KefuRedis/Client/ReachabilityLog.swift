import Logging
import Synchronization

/// Tells people once that Redis is gone, with the cause, and once that it is back, however many connections and
/// attempts there are. When the cause becomes another meanwhile it is told too, now and then. May be used from any
/// thread.
final class ReachabilityLog: Sendable {
    private struct State {
        var up = 0
        /// Whether the last line said that all is well, or not; nil before the first.
        var saidWell: Bool?
        var saidCause: RedisTrouble?
        var saidAt = ContinuousClock.now
        var complaints: [String] = []
    }

    /// Between two lines about causes.
    private static let pause = Duration.seconds(5)

    private let connections: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(connections: Int, logger: Logger) {
        self.connections = connections
        self.logger = logger
    }

    func connected(complaints: [String]) {
        let (isNews, complains) = state.withLock { state in
            let complains = !complaints.isEmpty && state.complaints != complaints
            state.complaints = complaints
            state.up += 1
            guard state.up == connections, state.saidWell != true else { return (false, complains) }
            state.saidWell = true
            return (true, complains)
        }
        if complains {
            logger.warning(
                "Redis 登录步骤被拒绝", metadata: ["detail": "\(complaints.joined(separator: "; "))"])
        }
        if isNews { logger.info("Redis 已连接", metadata: ["connections": "\(connections)"]) }
    }

    /// - Parameter wasUp: false for an attempt that failed.
    func disconnected(wasUp: Bool, reason: String) {
        let cause = RedisTrouble(reason)
        let isNews = state.withLock { state in
            if wasUp { state.up -= 1 }
            let now = ContinuousClock.now
            let isOther = state.saidCause != cause && state.saidAt.duration(to: now) > Self.pause
            guard state.saidWell != false || isOther else { return false }
            state.saidWell = false
            state.saidCause = cause
            state.saidAt = now
            return true
        }
        guard isNews else { return }
        logger.warning(
            wasUp ? "Redis 连接中断" : "Redis 无法连接", metadata: ["cause": "\(cause.rawValue)", "detail": "\(reason)"])
    }
}
