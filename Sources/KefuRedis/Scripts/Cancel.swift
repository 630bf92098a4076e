import KefuCore

extension RedisTaskStore {
    package func cancel(taskID: String, reason: String?) async throws(StoreError) -> Handout<CancelOutcome> {
        var reader = try await runConfirmed(
            ScriptCall(
                scripts.cancel, keys: [keys.task(taskID)],
                arguments: [.string(keys.prefix), .string(calledBack), .string(taskID), .string(reason)]))
        let word = try reader.string()
        let status = word == "missing" ? nil : try reader.status()
        if status == nil { _ = try reader.next() }
        let due = try reader.optionalInt()
        let outcome: CancelOutcome
        switch (word, status) {
        case ("missing", _): outcome = .missing
        case ("cancelled", _):
            tally.add(.cancelled)
            metrics.cancelled.increment()
            outcome = .cancelled
        case ("already", _): outcome = .alreadyCancelled
        case ("requested", .some(let status)): outcome = .requested(status: status)
        case ("busy", .some(let status)): outcome = .busy(status: status)
        case ("conflict", .some(let status)): outcome = .conflict(status: status)
        default: throw .defect("cancel answered \(word)")
        }
        return Handout(outcome: outcome, nextDueInMs: due)
    }
}
