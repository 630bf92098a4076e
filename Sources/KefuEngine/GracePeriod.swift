import Synchronization

/// The time that a graceful shutdown may take as a whole. All services share one, so that what the first uses up is
/// not granted to the next once more.
package final class GracePeriod: Sendable {
    private let length: Duration
    private let time: Timekeeper
    private let cutOff: @Sendable () -> Void
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter cutOff: ends requests under way that do not heed cancellation; may be called more than once.
    package init(length: Duration, time: Timekeeper = .continuous, cutOff: @escaping @Sendable () -> Void = {}) {
        self.length = length
        self.time = time
        self.cutOff = cutOff
    }

    /// When the period ends; the first call begins it.
    @discardableResult
    package func begin() -> ContinuousClock.Instant {
        end.withLock { end in
            let instant = end ?? time.now().advanced(by: length)
            end = instant
            return instant
        }
    }

    /// The period is over and requests are still under way, their tasks cancelled already.
    func expire() { cutOff() }
}
