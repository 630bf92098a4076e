import KefuCore

extension RedisTaskStore {
    package func update(_ update: TaskUpdate) async throws(StoreError) -> Handout<UpdateOutcome> {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(update.taskID), .string(update.timeMs.map { String($0) }),
            .string(update.timeout.map { String($0.ms) }), .string(update.priority?.rawValue),
        ]
        if let timeout = update.timeout { arguments += ["timeout_hours", .string(timeout.hours)] }
        if let message = update.message { arguments += ["action_message", .string(message)] }
        var reader = try await run(
            ScriptCall(
                scripts.update, keys: [keys.task(update.taskID), keys.deliveries(update.taskID)],
                arguments: arguments))
        let word = try reader.string()
        if word == "missing" { return Handout(outcome: .missing) }
        let status = try reader.status()
        switch word {
        case "updated": break
        case "conflict": return Handout(outcome: .conflict(status: status))
        case "untimed": return Handout(outcome: .untimed)
        case "late": return Handout(outcome: .late)
        case "textless": return Handout(outcome: .textless)
        default: throw .defect("update answered \(word)")
        }
        let due = try reader.optionalInt()
        let backlog = try reader.int()
        guard var row = try reader.row() else { throw .defect("update answered no record") }
        let fields = row.fields()
        var record = try TaskRecord(id: update.taskID, fields: fields)
        record.readCallbackAttempts(fields, failures: try reader.strings())
        return Handout(outcome: .updated(record), hasBacklog: backlog > 0, nextDueInMs: due)
    }
}
