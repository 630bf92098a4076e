import KefuCore

extension RedisTaskStore {
    package func finish(
        _ lease: Lease, attempt: SettledAttempt, capacity: Int, callbackCapacity: Int
    ) async throws(StoreError) -> Handout<FinishOutcome> {
        let token = nextToken()
        let heldUntil = holdFromNow()
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(token), .string(leaseMs), .integer(capacity), .string(calledBack),
            .integer(callbackCapacity), .integer(callbackHoldMs), .string(lease.taskID), .string(lease.token),
        ]
        switch attempt.verdict {
        case .completed(let result):
            arguments += ["completed", "", "", .string(result), 0, ""]
        case .retry(let code, let pause):
            arguments += [
                "retry", .string(code.rawValue), .string(attempt.error), "", .integer(pause.milliseconds),
                .string(attempt.json),
            ]
        case .rejected(let code):
            arguments += [
                "rejected", .string(code.rawValue), .string(attempt.error), "", 0, .string(attempt.json),
            ]
        }
        let call = ScriptCall(scripts.finish, keys: [keys.task(lease.taskID)], arguments: arguments)
        let handout = try readFinish(await run(call), token: token, heldUntil: heldUntil)
        count(handout.outcome, of: attempt)
        return handout
    }

    private func readFinish(
        _ reader: ReplyReader, token: String, heldUntil: ContinuousClock.Instant
    ) throws(StoreError) -> Handout<FinishOutcome> {
        var reader = reader
        let outcome: FinishOutcome
        switch try reader.string() {
        case "completed": outcome = .completed
        case "retrying": outcome = .retrying
        case "failed": outcome = .failed
        case "cancelled": outcome = .cancelled
        case "stale": outcome = .stale
        case let word: throw .defect("finish answered \(word)")
        }
        let due = try reader.optionalInt()
        let backlog = try reader.int()
        let claims = try reader.claims(token: token, heldUntil: heldUntil)
        var callbacks: [ClaimedCallback] = []
        if var row = try reader.row() { callbacks.append(try row.callback()) }
        return Handout(
            outcome: outcome, tasks: claims, callbacks: callbacks, hasBacklog: backlog > 0, nextDueInMs: due)
    }

    private func count(_ outcome: FinishOutcome, of attempt: SettledAttempt) {
        switch outcome {
        case .completed:
            tally.add(.completed)
            metrics.completed.increment()
        case .failed:
            tally.add(.failed)
            metrics.failed(attempt.finalCode)
        case .cancelled:
            tally.add(.cancelled)
            metrics.cancelled.increment()
        case .retrying, .stale: break
        }
    }
}

extension SettledAttempt {
    /// The attempt as the list `attempts:<id>` keeps it; `attempt` and `at` are put in front by the script.
    fileprivate var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.key("http_status")
        json.int(httpStatus)
        json.key("error")
        json.string(error)
        json.key("duration_ms")
        json.int(duration.milliseconds)
        json.endObject()
        return json.text
    }
}
