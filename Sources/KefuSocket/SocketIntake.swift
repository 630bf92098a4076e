import KefuCore
import Synchronization

/// Applies the events that a connection reads. The port through which the connection's owner takes part.
package protocol SocketIntake: Sendable {
    /// Applies events in order.
    ///
    /// - Parameter peer: whoever tries again what the store did not take, does so only while the peer is there.
    /// - Returns: one outcome each; nil when nothing may be said about them any more: the connection ends at once.
    func take(_ events: [CustomerEvent], from peer: SocketPresence) async -> [EventOutcome]?
}

/// Whether a connection is still there, for those who work on what it brought: once it has gone, or was given up,
/// nobody can be told what became of that, and the peer sends it again. Safe from any thread.
package final class SocketPresence: Sendable {
    private let isOver = Atomic(false)

    package init() {}

    package var isThere: Bool { !isOver.load(ordering: .acquiring) }

    package func end() { isOver.store(true, ordering: .releasing) }
}
