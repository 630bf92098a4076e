import KefuCore

/// Applies the events that a connection reads. The port through which the connection's owner takes part.
package protocol SocketIntake: Sendable {
    /// Applies events in order.
    ///
    /// - Returns: one outcome each; nil when nothing may be said about them any more: the connection ends at once.
    func take(_ events: [CustomerEvent]) async -> [EventOutcome]?
}
