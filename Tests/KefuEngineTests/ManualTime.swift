import Synchronization

@testable import KefuEngine

/// A clock that stands still until the test moves it.
final class ManualTime: Sendable {
    private struct Sleeper {
        var until: ContinuousClock.Instant
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var now = ContinuousClock.now
        var sleepers: [Int: Sleeper] = [:]
        var tickets = 0
    }

    private let state = Mutex(State())

    /// What its wall shows all the time: epoch milliseconds.
    static let epochMs: Int64 = 1_800_000_000_000

    var keeper: Timekeeper {
        Timekeeper(now: { self.now }, sleep: { try await self.sleep(until: $0) }, epochMs: { Self.epochMs })
    }

    var now: ContinuousClock.Instant { state.withLock { $0.now } }

    /// When those that sleep will wake, counted from now, earliest first.
    var alarms: [Duration] {
        state.withLock { state in state.sleepers.values.map { $0.until - state.now }.sorted() }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for ticket in due.keys { state.sleepers[ticket] = nil }
            return due
        }
        for sleeper in due.values { sleeper.continuation.resume(returning: true) }
    }

    private func sleep(until: ContinuousClock.Instant) async throws {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if Task.isCancelled { return false }
                    if until <= state.now { return true }
                    state.sleepers[ticket] = Sleeper(until: until, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: ticket) }?.continuation.resume(returning: false)
        }
        if !isOver { throw CancellationError() }
    }
}
