import KefuCore
import Logging
import ServiceLifecycle

/// Says in regular intervals that this instance lives, and at the end that it has left.
package final class Heartbeat: Service {
    package static let interval = Duration.seconds(5)

    private let store: any TaskStore
    private let running: @Sendable () -> Int
    private let time: Timekeeper
    private let logger: Logger

    /// - Parameter running: how many attempts are under way.
    package init(
        store: any TaskStore, running: @escaping @Sendable () -> Int, time: Timekeeper = .continuous, logger: Logger
    ) {
        self.store = store
        self.running = running
        self.time = time
        self.logger = logger
    }

    package func run() async throws {
        // Cancelled by a graceful shutdown, or with the group: either way this instance leaves.
        try? await cancelWhenGracefulShutdown { try await self.beat() }
        await Shield.run {
            do throws(StoreError) {
                try await self.store.leave()
            } catch {
                self.logger.warning("实例离线登记失败", metadata: ["error": "\(error)"])
            }
        }
    }

    private func beat() async throws {
        var episode = FailureEpisode()
        var warned: [StoreWarning] = []
        while true {
            var pause = Self.interval
            do throws(StoreError) {
                try await store.heartbeat(running: running())
                if episode.ends() { logger.notice("心跳已恢复") }
                report(store.warnings, besides: warned)
                warned = store.warnings
            } catch {
                pause = RetryPause.random()
                if episode.begins() { logger.warning("心跳失败", metadata: ["error": "\(error)"]) }
            }
            try await time.sleep(for: pause)
        }
    }

    private func report(_ warnings: [StoreWarning], besides known: [StoreWarning]) {
        for warning in warnings where !known.contains(where: { $0.word == warning.word }) {
            logger.warning("Redis 设置有隐患", metadata: ["cause": "\(warning.word)", "detail": "\(warning.detail)"])
        }
    }
}
