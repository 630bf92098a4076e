// The port to where tasks live. One method an operation, one script behind each; the same word through all layers.

/// Why the store could not answer. Everything else a call can meet is part of its outcome.
package enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The call was certainly not executed: no connection, loading, out of memory, read-only.
    case unavailable(String)
    /// The connection was lost, or the time limit passed, after the call was sent: it may have been executed.
    /// Every call is made so that asking again is safe.
    case outcomeUnknown(String)
    /// A script failed: a defect of ours or a foreign value in our keys.
    case defect(String)

    /// For logs.
    package var description: String {
        switch self {
        case .unavailable(let cause): "unavailable: \(cause)"
        case .outcomeUnknown(let cause): "outcome unknown: \(cause)"
        case .defect(let cause): "defect: \(cause)"
        }
    }
}

package protocol TaskStore: Sendable {
    /// Stores and arms a task in one step.
    ///
    /// - Parameter capacity: how many ready tasks the caller can execute at once; used when the task fires at once.
    func receive(_ task: NewTask, capacity: Int) async throws(StoreError) -> Handout<ReceiveOutcome>

    /// Each task as by ``receive(_:capacity:)``, pipelined in order; nothing is claimed.
    func receive(_ tasks: [NewTask]) async -> [Result<Handout<ReceiveOutcome>, StoreError>]

    /// Fires every task of the event's customer that the event matches, and hands back up to `capacity` tasks
    /// from the head of the ready queue.
    func match(_ event: CustomerEvent, capacity: Int) async throws(StoreError) -> Handout<MatchOutcome>

    /// Each event as by ``match(_:capacity:)``, those of one customer in order; nothing is claimed. Behind an event
    /// that may be asked for again (any error but a defect) its customer's later ones are not applied.
    func match(_ events: [CustomerEvent]) async -> [Result<Handout<MatchOutcome>, StoreError>]

    func cancel(taskID: String, reason: String?) async throws(StoreError) -> Handout<CancelOutcome>

    /// Queues a failed task that had fired once more.
    func retry(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome>

    /// Fires a waiting task as if its trigger had come.
    func fire(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome>

    /// Changes a task that has not fired; a time that has passed fires it.
    func update(_ update: TaskUpdate) async throws(StoreError) -> Handout<UpdateOutcome>

    func status(taskID: String) async throws(StoreError) -> TaskRecord?

    func list(_ query: ListQuery) async throws(StoreError) -> TaskPage

    func stats() async throws(StoreError) -> StoreStats

    func history(_ span: History.Span) async throws(StoreError) -> History

    func callbacks(_ query: CallbackQuery) async throws(StoreError) -> CallbackPage

    /// Puts callbacks back at the head of the outbox; the answer is how many.
    func replayCallbacks(_ selection: CallbackSelection) async throws(StoreError) -> Int

    /// Takes up to `capacity` tasks from the head of the ready queue, each under a lease.
    func claim(capacity: Int) async throws(StoreError) -> Handout<Void>

    /// Renews the leases that the caller names; the answer is those it no longer holds.
    func renew(_ leases: [Lease]) async throws(StoreError) -> [Lease]

    /// Settles one attempt. Fenced by the lease: a lost one changes nothing (``FinishOutcome/stale``).
    ///
    /// - Parameters:
    ///   - capacity: how many tasks the caller can take with the answer.
    ///   - callbackCapacity: whether (> 0) the caller can deliver the callback that this settles.
    func finish(
        _ lease: Lease, attempt: SettledAttempt, capacity: Int, callbackCapacity: Int
    ) async throws(StoreError) -> Handout<FinishOutcome>

    /// Hands claims back at once. Those not `started` do not count as attempts.
    func release(_ leases: [(lease: Lease, started: Bool)]) async throws(StoreError)

    /// Moves everything that is due, in bounded batches; the handout says when the next thing is due.
    func sweep(capacity: Int, callbackCapacity: Int) async throws(StoreError) -> Handout<SweepOutcome>

    /// Settles one delivery of a callback.
    func settleCallback(_ claim: ClaimedCallback, outcome: CallbackSettlement) async throws(StoreError) -> Handout<Void>

    /// Says that this instance lives, and writes the counters it has summed up.
    func heartbeat(running: Int) async throws(StoreError)

    /// Takes this instance from the list of the living.
    func leave() async throws(StoreError)

    /// Whether Redis answers.
    func ping() async throws(StoreError)

    /// What an error of ``ping()`` means, for people.
    func trouble(behind error: StoreError) -> StoreTrouble

    /// What the last look found, none of it urgent; costs nothing. Looks are taken with heartbeats.
    var warnings: [StoreWarning] { get }
}

/// A call's own outcome and the work that came back with it.
package struct Handout<Outcome: Sendable>: Sendable {
    package var outcome: Outcome
    package var tasks: [ClaimedTask]
    package var callbacks: [ClaimedCallback]
    /// Whether ready tasks were left that nobody has claimed.
    package var hasBacklog: Bool
    /// Milliseconds until something that this call knows of is due (0: now); nil when it knows of nothing.
    package var nextDueInMs: Int64?

    package init(
        outcome: Outcome, tasks: [ClaimedTask] = [], callbacks: [ClaimedCallback] = [], hasBacklog: Bool = false,
        nextDueInMs: Int64? = nil
    ) {
        self.outcome = outcome
        self.tasks = tasks
        self.callbacks = callbacks
        self.hasBacklog = hasBacklog
        self.nextDueInMs = nextDueInMs
    }

    /// The work alone, for whoever executes it.
    package var work: Handout<Void> {
        Handout<Void>(
            outcome: (), tasks: tasks, callbacks: callbacks, hasBacklog: hasBacklog, nextDueInMs: nextDueInMs)
    }
}

package enum ReceiveOutcome: Sendable, Equatable {
    case accepted(generation: Int)
    /// The same task was accepted before; nothing changed.
    case duplicate(status: TaskStatus)
    /// Another task has this id; nothing changed.
    case conflict(status: TaskStatus)
}

package struct MatchOutcome: Sendable, Equatable {
    /// Ids of the tasks that this event fired.
    package var matched: [String]
    /// Whether an event with the same `event_id` was processed before; `matched` is what that one fired.
    package var duplicate: Bool

    package init(matched: [String], duplicate: Bool) {
        self.matched = matched
        self.duplicate = duplicate
    }
}

package enum CancelOutcome: Sendable, Equatable {
    case cancelled
    case alreadyCancelled
    /// An attempt is under way or could still be: it ends in `cancelled` unless that attempt succeeds.
    case requested(status: TaskStatus)
    /// A failed task whose last holder may still be sending: nothing changed, ask again shortly.
    case busy(status: TaskStatus)
    case conflict(status: TaskStatus)
    case missing
}

package enum ChangeOutcome: Sendable, Equatable {
    case done
    case conflict(status: TaskStatus)
    case missing
}

package enum UpdateOutcome: Sendable, Equatable {
    /// The task as the change left it.
    case updated(TaskRecord)
    /// It has fired or ended; nothing changed, as in all that follow.
    case conflict(status: TaskStatus)
    case missing
    /// A time for a task that waits for none.
    case untimed
    /// With this `timeout_hours` its deadline would have passed already.
    case late
    /// An empty message for an action that sends nothing else.
    case textless
}

package enum FinishOutcome: Sendable, Equatable {
    case completed
    case retrying
    case failed
    case cancelled
    /// The lease was lost; nothing changed.
    case stale
}

/// What a sweep ended and freed.
package struct SweepOutcome: Sendable, Equatable {
    /// Ids of tasks whose deadline passed.
    package var timedOut: [String]
    /// Ids of tasks whose holder was lost once more, back in the ready queue.
    package var reclaimed: [String]
    /// Ids of tasks given up after too many losses.
    package var lost: [String]
    /// Whether a batch was full, so that more may be due.
    package var hasMore: Bool
    /// Of those of these tasks that have one, by id.
    package var traces: [String: TraceParent]

    package init(
        timedOut: [String] = [], reclaimed: [String] = [], lost: [String] = [], hasMore: Bool = false,
        traces: [String: TraceParent] = [:]
    ) {
        self.timedOut = timedOut
        self.reclaimed = reclaimed
        self.lost = lost
        self.hasMore = hasMore
        self.traces = traces
    }
}

/// What holds a claimed task: its id and the fencing token of the claim.
package struct Lease: Sendable, Hashable {
    package var taskID: String
    /// `<instance>:<counter>`, another for every call that claims.
    package var token: String

    package init(taskID: String, token: String) {
        self.taskID = taskID
        self.token = token
    }
}

/// A ready task that this instance has claimed.
package struct ClaimedTask: Sendable, Equatable {
    package var lease: Lease
    /// Until when this instance may begin to send, by its own clock: taken before the claim went out, less a margin.
    package var heldUntil: ContinuousClock.Instant
    package var generation: Int
    /// From 1; lost claims count, handed-back ones do not.
    package var attempt: Int
    /// Pauses begun so far.
    package var retryCount: Int
    package var action: Action
    package var customer: Customer
    package var triggeredAtMs: Int64
    /// JSON with `at` in epoch milliseconds as its first member.
    package var triggerEventJSON: String?
    /// The trace that the attempt belongs to: of the event that fired the task, else the task's own.
    package var trace: TraceParent?
    /// The request whose event or task was fired by it and claimed with its answer; not stored.
    package var requestID: String?

    package init(
        lease: Lease, heldUntil: ContinuousClock.Instant, generation: Int, attempt: Int, retryCount: Int,
        action: Action, customer: Customer, triggeredAtMs: Int64, triggerEventJSON: String?,
        trace: TraceParent? = nil
    ) {
        self.lease = lease
        self.heldUntil = heldUntil
        self.generation = generation
        self.attempt = attempt
        self.retryCount = retryCount
        self.action = action
        self.customer = customer
        self.triggeredAtMs = triggeredAtMs
        self.triggerEventJSON = triggerEventJSON
        self.trace = trace
    }
}

/// How one attempt ended, as `finish` records it.
package struct SettledAttempt: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case completed(resultJSON: String?)
        /// Retried after `pause` if retries are left, else failed as `retries_exhausted`.
        case retry(ErrorCode, pause: Duration)
        case rejected(ErrorCode)
    }

    package var verdict: Verdict
    /// For people; nil when completed.
    package var error: String?
    package var httpStatus: Int?
    package var duration: Duration

    package init(verdict: Verdict, error: String? = nil, httpStatus: Int? = nil, duration: Duration) {
        self.verdict = verdict
        self.error = error
        self.httpStatus = httpStatus
        self.duration = duration
    }
}

extension SettledAttempt {
    /// The error code of a task that failed with this attempt.
    package var finalCode: ErrorCode {
        switch verdict {
        case .rejected(let code): code
        case .retry, .completed: .retriesExhausted
        }
    }
}
