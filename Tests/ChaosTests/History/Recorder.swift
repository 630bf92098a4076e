import Foundation
import Synchronization
import TestSupport

/// Writes the history down while it happens. Safe from any thread.
final class Recorder: Sendable {
    private let state = Mutex(History())
    private let start = ContinuousClock.now
    private let startMs = Date().timeIntervalSince1970 * 1000

    /// ms, by the monotonic clock.
    func now() -> Double { moment(of: .now) }

    func moment(of instant: ContinuousClock.Instant) -> Double {
        startMs + (instant - start) / .milliseconds(1)
    }

    func record(_ body: (inout History) -> Void) { state.withLock { body(&$0) } }

    func promise(_ promise: Promise) { record { $0.promises[promise.id] = promise } }

    func happening(_ happening: Happening) { record { $0.happenings[happening.id] = happening } }

    func add(_ call: Call) { record { $0.calls.append(call) } }

    func odd(_ text: String) { record { $0.oddities.append(text) } }

    var history: History { state.withLock { $0 } }

    /// Requests that the gateway got so far.
    var sendings: Int { state.withLock { $0.sendings.count } }
}
