import Synchronization

/// Whether this instance is leaving. Set once, read by every connection and by the health check.
package final class DrainSignal: Sendable {
    private let flag = Atomic<Bool>(false)

    package init() {}

    package var isDraining: Bool { flag.load(ordering: .relaxed) }

    /// Begins to drain; true for the first caller.
    @discardableResult
    package func begin() -> Bool { !flag.exchange(true, ordering: .relaxed) }
}
