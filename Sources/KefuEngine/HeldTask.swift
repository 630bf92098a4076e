import KefuCore
import Synchronization

/// A claimed task while this instance holds it: knows whether a request may still begin. Safe from any thread.
final class HeldTask: Sendable {
    private struct Hold {
        /// nil once the lease is known to be lost, or given up.
        var until: ContinuousClock.Instant?
        /// Whether a request was ever allowed to begin.
        var isStarted = false
        /// When a request was allowed to begin last, in epoch milliseconds.
        var begunMs: Int64?
    }

    let task: ClaimedTask
    private let time: Timekeeper
    private let hold: Mutex<Hold>

    init(_ task: ClaimedTask, time: Timekeeper) {
        self.task = task
        self.time = time
        hold = Mutex(Hold(until: task.heldUntil))
    }

    var lease: Lease { task.lease }

    var isLost: Bool { hold.withLock { $0.until == nil } }

    /// Whether the lease is known to hold at this moment.
    var isHeld: Bool {
        let now = time.now()
        return hold.withLock { hold in hold.until.map { now < $0 } ?? false }
    }

    /// Whether a request may begin now.
    func maySend() -> Bool {
        let now = time.now()
        let epochMs = time.epochMs()
        return hold.withLock { hold in
            guard let until = hold.until, now < until else { return false }
            hold.isStarted = true
            hold.begunMs = epochMs
            return true
        }
    }

    /// A lost lease stays lost.
    func extend(until: ContinuousClock.Instant) {
        hold.withLock { hold in
            if let earlier = hold.until { hold.until = max(earlier, until) }
        }
    }

    /// From now on no request begins.
    func lose() { hold.withLock { $0.until = nil } }

    /// Whether the action may have been sent.
    var isStarted: Bool { hold.withLock { $0.isStarted } }

    /// The gateway says that nothing was sent, whatever it was allowed to do.
    func noteNotSent() { hold.withLock { $0.isStarted = false } }

    /// When the request began, in epoch milliseconds; nil when none has.
    var requestBegunMs: Int64? { hold.withLock { $0.begunMs } }

    /// Whether somebody reported what fired it.
    var isFiredByEvent: Bool { task.triggerEventJSON.flatMap(RecordedEvent.init)?.isReported ?? false }

    func request() -> ActionRequest {
        ActionRequest(
            taskID: task.lease.taskID, generation: task.generation, attempt: task.attempt, action: task.action,
            customer: task.customer, triggerEventJSON: task.triggerEventJSON, trace: task.trace,
            maySend: { self.maySend() })
    }
}
