import KefuCore

extension RedisTaskStore {
    package func retry(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> {
        try readChange(
            await run(
                ScriptCall(
                    scripts.retry, keys: [keys.task(taskID)],
                    arguments: [.string(keys.prefix), .string(calledBack), .string(taskID)])))
    }

    /// The reply of `retry` and `fire`.
    func readChange(_ reader: ReplyReader) throws(StoreError) -> Handout<ChangeOutcome> {
        var reader = reader
        switch try reader.string() {
        case "done":
            _ = try reader.status()
            return Handout(outcome: .done, hasBacklog: try reader.int() > 0)
        case "conflict": return Handout(outcome: .conflict(status: try reader.status()))
        case "missing": return Handout(outcome: .missing)
        case let word: throw .defect("a change answered \(word)")
        }
    }
}
