import Synchronization

/// Wakes the sweeper: at the instant it chose itself, or earlier when whoever calls the store learns that something
/// is due before. Safe from any thread; one sleeper at a time.
package final class Alarm: Sendable {
    private struct State {
        /// The earliest hint since ``reset()``.
        var earliest: ContinuousClock.Instant?
        var sleeper: Sleeper?
        var isClosed = false
    }

    private struct Sleeper {
        var until: ContinuousClock.Instant
        var continuation: CheckedContinuation<Void, Never>
    }

    private let time: Timekeeper
    private let state = Mutex(State())

    package init(time: Timekeeper = .continuous) { self.time = time }

    /// Something is due in so many milliseconds (0: now); nil changes nothing.
    package func wake(inMs delay: Int64?) {
        guard let delay else { return }
        let due = time.now().advanced(by: .milliseconds(max(0, delay)))
        let sleeper = state.withLock { state -> Sleeper? in
            if let earliest = state.earliest, earliest <= due { return nil }
            state.earliest = due
            guard let sleeper = state.sleeper, due < sleeper.until else { return nil }
            state.sleeper = nil
            return sleeper
        }
        sleeper?.continuation.resume()
    }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Nobody sleeps any more, now and later.
    func close() {
        let sleeper = state.withLock { state in
            state.isClosed = true
            return state.sleeper.take()
        }
        sleeper?.continuation.resume()
    }

    /// Forgets the hints so far: the look that begins now covers them.
    func reset() { state.withLock { $0.earliest = nil } }

    /// Returns at `limit`, at the earliest hint, when closed or when the task is cancelled.
    func sleep(until limit: ContinuousClock.Instant) async {
        while !Task.isCancelled {
            let target = state.withLock { $0.isClosed ? nil : min(limit, $0.earliest ?? limit) }
            guard let target, time.now() < target else { return }
            await withTaskGroup { group in
                // Cancelled means: a hint came first, and the loop looks at it.
                group.addTask { try? await self.time.sleep(target) }
                group.addTask { await self.hint(before: target) }
                await group.next()
                group.cancelAll()
            }
        }
    }

    /// Returns when a hint before `target` comes, or when the task is cancelled.
    private func hint(before target: ContinuousClock.Instant) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustWait = state.withLock { state in
                    let isEarlier = state.earliest.map { $0 < target } ?? false
                    guard !isEarlier, !state.isClosed, !Task.isCancelled else { return false }
                    state.sleeper = Sleeper(until: target, continuation: continuation)
                    return true
                }
                if !mustWait { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.sleeper.take() }?.continuation.resume()
        }
    }
}
