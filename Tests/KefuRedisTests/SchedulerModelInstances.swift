// The rules by which instances hold tasks and deliver callbacks; the other half of ``SchedulerModel``.
import KefuCore

@testable import KefuRedis

extension SchedulerModel {
    mutating func claim(_ capacity: Int, _ token: String, into answer: inout Answer) {
        let ranks: [Priority] = [.urgent, .high, .normal]
        let ready = tasks.filter { $1.stage == .ready }.sorted { first, second in
            let order = [first, second].map { (ranks.firstIndex(of: $1.task.priority) ?? 0, $1.firedAt ?? 0, $0) }
            return order[0] < order[1]
        }
        let leaseEnd = now + lease
        for (id, task) in ready.prefix(capacity) {
            tasks[id]?.stage = .running(token: token, until: leaseEnd)
            tasks[id]?.attempts += 1
            answer.claimed.append(Answer.claim(id, task.attempts + 1, task.eventTrace ?? task.task.trace))
            callBack(id, .running)
        }
        answer.hasBacklog = ready.count > capacity
    }

    /// Whether the lease is still the present one.
    func isHeld(_ lease: Lease) -> Bool {
        if case .running(lease.token, _)? = tasks[lease.taskID]?.stage { true } else { false }
    }

    mutating func renew(_ leases: [Lease]) -> [Lease] {
        let leaseEnd = now + lease
        for held in leases where isHeld(held) {
            tasks[held.taskID]?.stage = .running(token: held.token, until: leaseEnd)
        }
        return leases.filter { !isHeld($0) }
    }

    mutating func release(_ lease: Lease, started: Bool) {
        guard isHeld(lease) else { return }
        if !started { tasks[lease.taskID]?.attempts -= 1 }
        giveBack(lease.taskID)
    }

    mutating func finish(
        _ lease: Lease, _ verdict: SettledAttempt.Verdict, capacity: Int, token: String, delivers: Bool
    )
        -> Answer
    {
        guard isHeld(lease), let task = tasks[lease.taskID] else { return Answer("stale") }
        let id = lease.taskID
        var answer = Answer("failed")
        let queued = outbox.count
        switch verdict {
        case .completed:
            answer.outcome = "completed"
            end(id, .completed)
        case .retry where task.isCancelAsked, .rejected where task.isCancelAsked:
            let until = endCancelled(id)
            answer.outcome = until == nil ? "cancelled" : "retrying"
            answer.due = until.map { $0 - now }
        case .retry(let code, let pause) where task.retries < task.task.maxRetry:
            answer = Answer("retrying", due: pause.milliseconds)
            tasks[id]?.stage = .pausing(until: now + pause.milliseconds)
            tasks[id]?.retries += 1
            tasks[id]?.errorCode = code.rawValue
            callBack(id, .waiting)
        case .retry: end(id, .failed, "retries_exhausted")
        case .rejected(let code): end(id, .failed, code.rawValue)
        }
        if delivers, tasks[id]?.endedAt != nil {
            for index in queued..<outbox.count { answer.delivered.append(handOut(index)) }
        }
        claim(capacity, token, into: &answer)
        return answer
    }

    mutating func sweep(capacity: Int, callbackCapacity: Int, token: String) -> Answer {
        var (timedOut, reclaimed, lost): ([String], [String], [String]) = ([], [], [])
        for (id, task) in tasks where task.stage == .armed && task.deadline <= now {
            end(id, .failed, "timeout")
            timedOut.append(id)
        }
        for (id, task) in tasks where task.stage == .armed && (task.earliestTime ?? .max) <= now {
            tasks[id]?.fire(now)
        }
        for (id, task) in tasks {
            guard case .pausing(let until) = task.stage, until <= now else { continue }
            if task.isCancelAsked { end(id, .cancelled) } else { tasks[id]?.stage = .ready }
        }
        for (id, task) in tasks {
            guard case .running(_, let until) = task.stage, until <= now else { continue }
            tasks[id]?.losses += 1
            tasks[id]?.lostUntil = now + policy.gatewayTimeout.milliseconds
            if !task.isCancelAsked && task.losses + 1 == Self.longestLosses {
                end(id, .failed, "lost")
                lost.append(id)
            } else {
                giveBack(id)
                if !task.isCancelAsked { reclaimed.append(id) }
            }
        }
        let traces = (timedOut + reclaimed + lost).compactMap { id in tasks[id]?.task.trace.map { "\(id) \($0)" } }
            .sorted()
        let keptSince = now - policy.retention.milliseconds
        tasks = tasks.filter { ($1.endedAt ?? .max) > keptSince }
        outbox.removeAll { $0.isDead && $0.score <= keptSince }
        var answer = Answer(
            "timed out \(timedOut.sorted()) reclaimed \(reclaimed.sorted()) lost \(lost.sorted()) traces \(traces)")
        claim(capacity, token, into: &answer)
        let due = outbox.indices.filter { !outbox[$0].isDead && outbox[$0].score <= now }
        for index in due.sorted(by: { outbox[$0].place < outbox[$1].place }).prefix(callbackCapacity) {
            answer.delivered.append(handOut(index))
        }
        answer.due = moments.filter { $0 > now }.min().map { $0 - now }
        return answer
    }

    // MARK: Callbacks

    mutating func settle(_ id: String, heldUntil: Int64, _ outcome: CallbackSettlement) -> Answer {
        guard let index = outbox.firstIndex(where: { $0.id == id && !$0.isDead }) else { return Answer("()") }
        if case .delivered = outcome.verdict {
            outbox.remove(at: index)
            return Answer("()")
        }
        guard outbox[index].score == heldUntil else { return Answer("()") }
        switch outcome.verdict {
        case .failed(_, let pause):
            let first = outbox[index].replayedAt ?? outbox[index].at
            outbox[index].isDead = now - first >= Self.day
            outbox[index].score = outbox[index].isDead ? now : now + pause.milliseconds
            return Answer("()", due: outbox[index].isDead ? nil : pause.milliseconds)
        default:
            outbox[index].score = now
            outbox[index].deliveries -= 1
            return Answer("()", due: 0)
        }
    }

    func isWaiting(_ claim: ClaimedCallback) -> Bool {
        outbox.contains { $0.id == claim.callback.id && !$0.isDead }
    }

    mutating func replay(where isChosen: (Outgoing) -> Bool) -> Int {
        let chosen = outbox.indices.filter { isChosen(outbox[$0]) }
        for index in chosen {
            outbox[index].isDead = false
            outbox[index].deliveries = 0
            outbox[index].replayedAt = now
            outbox[index].score = now
        }
        return chosen.count
    }

    private mutating func handOut(_ index: Int) -> String {
        outbox[index].deliveries += 1
        outbox[index].score = now + hold
        return Answer.claim(outbox[index].id, outbox[index].deliveries, outbox[index].trace)
    }

    mutating func callBack(_ id: String, _ status: TaskStatus) {
        guard policy.calledBack.contains(status), var task = tasks[id] else { return }
        task.callbacksQueued += 1
        tasks[id] = task
        // Its id is a digest of the task, its acceptance, generation and the callback's number.
        let identity = "\(id)\n\(task.acceptedAt)\n\(task.generation)\n\(task.callbacksQueued)"
        let digest = RedisScript(name: "", text: identity).sha1.prefix(32)
        outbox.append(Outgoing(id: "cb_" + digest, taskID: id, at: now, score: now, trace: task.task.trace))
    }
}
