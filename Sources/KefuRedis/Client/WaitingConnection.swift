import Logging
import NIOCore

/// A connection for commands that wait in Redis (`BLOCK`): on those that callers share they would hold up all others.
/// It is made again when it breaks, until it is closed.
package final class WaitingConnection: Sendable {
    private let link: RedisLink
    private let ended: @Sendable (RedisLink) -> Void

    init(_ link: RedisLink, ended: @escaping @Sendable (RedisLink) -> Void) {
        self.link = link
        self.ended = ended
        link.start()
    }

    deinit { close() }

    /// - Parameter waiting: how long Redis may wait before it answers.
    package func command(
        _ arguments: [RedisArgument], waiting: Duration
    ) async throws(RedisClientError) -> RESPValue {
        _ = await link.waitUntilUp(deadline: .now() + TimeAmount(waiting))
        return try await link.send(.plain(arguments), extraTime: TimeAmount(waiting))
    }

    /// At once: who waits for a reply is told that there will be none. The first call counts.
    package func close() {
        link.abandon()
        ended(link)
    }
}
