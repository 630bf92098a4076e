/// What follows from the length of a lease for whoever holds one.
package struct LeaseTerms: Sendable {
    package var length: Duration

    package init(length: Duration) { self.length = length }

    /// How often all held leases are renewed: two renewals may fail before one runs out.
    package var renewInterval: Duration { length / 3 }

    /// How long before its end a holder stops beginning to send: covers the way from the last check of the clock
    /// to the wire, and clocks that run at slightly different speeds.
    package var margin: Duration { min(length / 10, Self.longestMargin) }

    /// Long leases need no longer way to the wire.
    static let longestMargin = Duration.seconds(1)

    /// Until when a holder may begin to send, when its claim or renewal went out at `sentAt`.
    package func heldUntil(sentAt: ContinuousClock.Instant) -> ContinuousClock.Instant {
        sentAt.advanced(by: length - margin)
    }
}
