// The rules by which tasks live (the sender's and the scheduler's contract), told once more as plain values: what each
// call must answer, and where every task must stand after it. Knows no Redis and no script.
import KefuCore

@testable import KefuRedis

struct SchedulerModel {
    struct Task {
        enum Stage: Equatable {
            case armed, ready
            case pausing(until: Int64)
            case running(token: String, until: Int64)
            case ended(TaskStatus)
        }

        var task: NewTask
        var generation: Int
        var acceptedAt: Int64
        var deadline: Int64
        var stage = Stage.armed
        var firedAt, endedAt: Int64?
        /// When the event came that fired it.
        var eventAt: Int64?
        var attempts = 0
        var retries = 0
        var losses = 0
        /// Until when a holder that lost its lease could still be sending.
        var lostUntil: Int64 = 0
        var isCancelAsked = false
        var errorCode: String?
        var callbacksQueued = 0
        var updatedAt: Int64?
        /// Of the event that fired it.
        var eventTrace: TraceParent?

        /// Of all `time_reach` that it waits for.
        var earliestTime: Int64? { task.times.min() }

        var status: TaskStatus {
            switch stage {
            case .armed, .ready, .pausing: .waiting
            case .running: .running
            case .ended(let status): status
            }
        }
    }

    /// A callback that has not been delivered.
    struct Outgoing {
        var id: String
        var taskID: String
        var at: Int64
        /// When it is due, or until when somebody holds it, or when it was given up.
        var score: Int64
        var isDead = false
        var deliveries = 0
        var replayedAt: Int64?
        var trace: TraceParent?
    }

    /// An event that is kept for tasks that look back.
    struct Happened {
        var at: Int64
        var meets: (Trigger) -> Bool
        var trace: TraceParent?
    }

    let policy: SchedulingPolicy
    var now = TestStore.epoch
    var tasks: [String: Task] = [:]
    var outbox: [Outgoing] = []
    /// By customer and event id.
    var events: [String: (at: Int64, matched: [String])] = [:]

    /// By customer, the newest last.
    var log: [String: [Happened]] = [:]

    static let longestLog = 16
    static let day: Int64 = 86_400_000
    static let longestLosses = 5

    init(policy: SchedulingPolicy) { self.policy = policy }

    var lease: Int64 { policy.lease.milliseconds }
    var hold: Int64 { max(lease, policy.gatewayTimeout.milliseconds + 5_000) }

    // MARK: From outside

    mutating func receive(_ new: NewTask, capacity: Int, token: String) -> Answer {
        var generation = 1
        if let old = tasks[new.id] {
            guard old.status == .cancelled else {
                let isSame = old.task.contentDigest == new.contentDigest
                return Answer("\(isSame ? "duplicate" : "conflict")(status: \(old.status))")
            }
            generation = old.generation + 1
        }
        let deadline = max(new.times.max() ?? now, now) + new.timeoutMs
        tasks[new.id] = Task(task: new, generation: generation, acceptedAt: now, deadline: deadline)
        callBack(new.id, .waiting)
        var answer = Answer("accepted(generation: \(generation))")
        if let time = new.times.min(), time <= now {
            tasks[new.id]?.fire(now)
            claim(capacity, token, into: &answer)
        } else if let event = newestEvent(for: new) {
            tasks[new.id]?.fire(now, eventAt: event.at, trace: event.trace)
            claim(capacity, token, into: &answer)
        } else {
            answer.due = (new.times.min() ?? deadline) - now
        }
        return answer
    }

    /// That came before the task and within the reach of one of its triggers.
    private func newestEvent(for new: NewTask) -> Happened? {
        log[new.customer.id]?.last { event in
            new.triggers.contains { $0.lookbackMs > 0 && event.at >= now - $0.lookbackMs && event.meets($0) }
        }
    }

    /// - Parameter meets: whether the event is one that a trigger waits for.
    mutating func match(
        customer: String, eventID: String?, trace: TraceParent?, capacity: Int, token: String,
        meets: @escaping (Trigger) -> Bool
    ) -> Answer {
        let key = eventID.map { customer + "/" + $0 }
        if let key, let first = events[key], now - first.at < Self.day {
            return Answer("duplicate \(first.matched)")
        }
        let met = tasks.filter {
            $1.stage == .armed && $1.task.customer.id == customer && $1.task.triggers.contains(where: meets)
        }
        if policy.eventLog > .zero {
            let event = Happened(at: now, meets: meets, trace: trace)
            log[customer] = (log[customer] ?? []).suffix(Self.longestLog - 1) + [event]
        }
        let matched = met.keys.sorted()
        if let key { events[key] = (now, matched) }
        var answer = Answer("matched \(matched)")
        for id in matched { tasks[id]?.fire(now, trace: trace) }
        if !matched.isEmpty { claim(capacity, token, into: &answer) }
        return answer
    }

    mutating func cancel(_ id: String) -> Answer {
        guard let task = tasks[id] else { return Answer("missing") }
        let isStillSending = now < task.lostUntil
        switch task.stage {
        case .ended(.cancelled): return Answer("alreadyCancelled")
        case .ended(.completed): return Answer("conflict(status: completed)")
        case .ended where isStillSending: return Answer("busy(status: failed)")
        case .running:
            tasks[id]?.isCancelAsked = true
            return Answer("requested(status: running)")
        default: break
        }
        if let until = endCancelled(id) { return Answer("requested(status: waiting)", due: until - now) }
        return Answer("cancelled", due: policy.calledBack.contains(.cancelled) ? 0 : nil)
    }

    mutating func fire(_ id: String) -> Answer {
        guard let task = tasks[id] else { return Answer("missing") }
        guard task.stage == .armed else { return Answer("conflict(status: \(task.status))") }
        tasks[id]?.fire(now)
        return Answer("done", hasBacklog: true)
    }

    mutating func update(_ update: TaskUpdate) -> Answer {
        guard let task = tasks[update.taskID] else { return Answer("missing") }
        guard task.stage == .armed else { return Answer("conflict(status: \(task.status))") }
        if update.timeMs != nil, task.earliestTime == nil { return Answer("untimed") }
        let timeout = update.timeout?.ms ?? task.task.timeoutMs
        let base = update.timeMs.map { max($0, now) } ?? max(task.acceptedAt, task.task.times.max() ?? 0)
        let isMoved = update.timeMs != nil || update.timeout != nil
        if update.timeMs == nil, isMoved, base + timeout <= now { return Answer("late") }
        tasks[update.taskID]?.apply(update, deadline: isMoved ? base + timeout : task.deadline, now)
        var answer = Answer("updated \(tasks[update.taskID]?.task.priority.rawValue ?? "-")")
        if let time = update.timeMs, time <= now {
            tasks[update.taskID]?.fire(now)
            answer.hasBacklog = true
        } else if isMoved {
            answer.due = (update.timeMs ?? base + timeout) - now
        }
        return answer
    }

    mutating func retry(_ id: String) -> Answer {
        guard let task = tasks[id] else { return Answer("missing") }
        guard task.status == .failed, task.firedAt != nil else { return Answer("conflict(status: \(task.status))") }
        tasks[id]?.stage = .ready
        tasks[id]?.endedAt = nil
        tasks[id]?.errorCode = nil
        tasks[id]?.attempts = 0
        tasks[id]?.retries = 0
        tasks[id]?.losses = 0
        callBack(id, .waiting)
        return Answer("done", hasBacklog: true)
    }

    // MARK: Common

    mutating func end(_ id: String, _ status: TaskStatus, _ code: String? = nil) {
        tasks[id]?.stage = .ended(status)
        tasks[id]?.endedAt = now
        tasks[id]?.errorCode = code
        tasks[id]?.isCancelAsked = false
        callBack(id, status)
    }

    /// Ends as cancelled, or waits until an earlier holder cannot be sending: the answer is until when.
    mutating func endCancelled(_ id: String) -> Int64? {
        guard let task = tasks[id], now < task.lostUntil else {
            end(id, .cancelled)
            return nil
        }
        tasks[id]?.stage = .pausing(until: task.lostUntil)
        tasks[id]?.isCancelAsked = true
        if task.status == .running { callBack(id, .waiting) }
        return task.lostUntil
    }

    /// A holder has left a task that it did not settle.
    mutating func giveBack(_ id: String) {
        guard tasks[id]?.isCancelAsked == false else { return _ = endCancelled(id) }
        tasks[id]?.stage = .ready
        callBack(id, .waiting)
    }

    /// When something is due, of all that is known.
    var moments: [Int64] {
        tasks.values.flatMap { task -> [Int64] in
            switch task.stage {
            case .armed:
                [task.deadline, task.earliestTime].compactMap(\.self)
            case .pausing(let until), .running(_, let until): [until]
            case .ready, .ended: []
            }
        } + outbox.filter { !$0.isDead }.map(\.score)
    }
}

extension SchedulerModel.Task {
    /// Its content stays what it was sent with.
    mutating func apply(_ update: TaskUpdate, deadline: Int64, _ now: Int64) {
        self.deadline = deadline
        updatedAt = now
        if let timeout = update.timeout { task.timeoutMs = timeout.ms }
        if let priority = update.priority { task.priority = priority }
        if let message = update.message { task.action.message = message }
        guard let time = update.timeMs else { return }
        if task.trigger.kind == .timeReach { task.trigger.timeMs = time }
        for index in task.otherTriggers.indices where task.otherTriggers[index].kind == .timeReach {
            task.otherTriggers[index].timeMs = time
        }
    }

    mutating func fire(_ now: Int64, eventAt: Int64? = nil, trace: TraceParent? = nil) {
        eventTrace = trace
        stage = .ready
        firedAt = now
        self.eventAt = eventAt ?? now
    }
}

extension NewTask {
    /// Of all its `time_reach`.
    var times: [Int64] { triggers.filter { $0.kind == .timeReach }.compactMap(\.timeMs) }
}

extension SchedulerModel.Outgoing {
    var place: (Int64, String) { (score, id) }
}
