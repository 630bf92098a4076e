import Synchronization

/// The time that a graceful shutdown may take as a whole. All services share one, so that what the first uses up is
/// not granted to the next once more.
package final class GracePeriod: Sendable {
    private let length: Duration
    private let time: Timekeeper
    private let end = Mutex<ContinuousClock.Instant?>(nil)

    package init(length: Duration, time: Timekeeper = .continuous) {
        self.length = length
        self.time = time
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
}
