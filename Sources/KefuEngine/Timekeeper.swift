import Glibc

/// The engine's one source of monotonic time: for leases, pauses and the sweeper's alarm. Never for what is due:
/// that is judged by Redis alone.
///
/// On Linux `ContinuousClock` reads `CLOCK_BOOTTIME`, so a suspended machine does not stretch a lease.
package struct Timekeeper: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at the instant, never earlier; throws when the task is cancelled.
    package var sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    /// Wall time in epoch milliseconds, for measurements across machines alone.
    package var epochMs: @Sendable () -> Int64

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (_ until: ContinuousClock.Instant) async throws -> Void,
        epochMs: @escaping @Sendable () -> Int64 = { wallTimeMs() }
    ) {
        self.now = now
        self.sleep = sleep
        self.epochMs = epochMs
    }

    package static let continuous = Timekeeper(
        now: { ContinuousClock.now },
        sleep: { try await Task.sleep(until: $0, tolerance: .zero, clock: .continuous) })

    func sleep(for pause: Duration) async throws {
        try await sleep(now().advanced(by: pause))
    }
}

package func wallTimeMs() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}
