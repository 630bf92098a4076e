import KefuCore

extension RedisTaskStore {
    package func receive(_ task: NewTask, capacity: Int) async throws(StoreError) -> Handout<ReceiveOutcome> {
        let token = nextToken()
        let heldUntil = holdFromNow()
        // What an answer that is not confirmed hands back would be lost to its lease; the executor claims by itself.
        let capacity = confirms ? 0 : capacity
        let reader = try await runConfirmed(receiveCall(task, token: token, capacity: capacity))
        return try readReceive(reader, token: token, heldUntil: heldUntil)
    }

    package func receive(_ tasks: [NewTask]) async -> [Result<Handout<ReceiveOutcome>, StoreError>] {
        let heldUntil = holdFromNow()
        let calls = tasks.map { receiveCall($0, token: nextToken(), capacity: 0) }
        return await client.runConfirmed(calls).map { result in
            result.mapError(StoreError.init).flatMap { reply in
                Result { () throws(StoreError) in
                    try readReceive(try ReplyReader(reply), token: "", heldUntil: heldUntil)
                }
            }
        }
    }

    private func receiveCall(_ task: NewTask, token: String, capacity: Int) -> ScriptCall {
        let entry = IndexEntry(task.trigger)
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(token), .string(leaseMs), .integer(capacity), .string(calledBack),
            .string(task.id), .string(task.contentDigest), .string(task.customer.id), .string(entry.name),
            .string(entry.text), .string(task.priority.rawValue), .string(task.trigger.kind.rawValue),
            .integer(task.timeoutMs),
        ]
        arguments.reserveCapacity(48)
        if let time = task.trigger.timeMs, task.trigger.kind == .timeReach {
            arguments += [.integer(time), .string(Self.timeReachEvent)]
        } else {
            arguments += ["", ""]
            arguments += ["armed", .string(entry.name)]
        }
        task.appendFields(to: &arguments)
        return ScriptCall(scripts.receive, keys: [keys.task(task.id)], arguments: arguments)
    }

    private func readReceive(
        _ reader: ReplyReader, token: String, heldUntil: ContinuousClock.Instant
    ) throws(StoreError) -> Handout<ReceiveOutcome> {
        var reader = reader
        switch try reader.string() {
        case "accepted":
            tally.add(.received)
            let generation = Int(try reader.int())
            let due = try reader.optionalInt()
            let backlog = try reader.int()
            return Handout(
                outcome: .accepted(generation: generation),
                tasks: try reader.claims(token: token, heldUntil: heldUntil), hasBacklog: backlog > 0,
                nextDueInMs: due)
        case "duplicate": return Handout(outcome: .duplicate(status: try reader.status()))
        case "conflict": return Handout(outcome: .conflict(status: try reader.status()))
        case let word: throw .defect("receive answered \(word)")
        }
    }

    /// What `trigger_event` of a `time_reach` shows, still without its `at`.
    static let timeReachEvent = #"{"type":"time_reach"}"#
}

/// What a trigger waits for, as `match.lua` reads it in the index; and the name of the entry's kind.
struct IndexEntry {
    /// The end of the key `armed:<customer>:…`; empty for `time_reach`.
    let name: String
    /// Messages: a mode, then lines `+keyword` and `-exclude`. Others: `*`, or conditions as a JSON array
    /// `[[field, operator, operand…]…]`, operands with a type letter (`s`, `n`, `b`).
    let text: String

    init(_ trigger: Trigger) {
        switch trigger.kind {
        case .customerReply, .customerKeyword: name = "message"
        case .customerPayment: name = "payment"
        case .customerOrder: name = "order"
        case .customEvent: name = Keys.custom(trigger.eventName ?? "")
        case .timeReach: name = ""
        }
        text = name == "message" ? Self.keywords(trigger) : Self.conditions(trigger.conditions)
    }

    private static func keywords(_ trigger: Trigger) -> String {
        // Normalized texts hold no line breaks: white space has become single spaces.
        var text = trigger.normalizedKeywords.isEmpty ? "any" : trigger.match.rawValue
        for keyword in trigger.normalizedKeywords { text += "\n+" + keyword }
        for exclude in trigger.normalizedExclude { text += "\n-" + exclude }
        return text
    }

    private static func conditions(_ conditions: [Condition]) -> String {
        guard !conditions.isEmpty else { return "*" }
        var json = JSONWriter()
        json.beginArray()
        for condition in conditions {
            json.beginArray()
            json.string(condition.field)
            json.string(condition.operator.rawValue)
            for operand in condition.operands { json.string(Self.typed(operand)) }
            json.endArray()
        }
        json.endArray()
        return json.text
    }

    private static func typed(_ operand: Scalar) -> String {
        switch operand {
        case .string(let text): "s" + text
        case .number(let number): "n\(number)"
        case .bool(let flag): flag ? "b1" : "b0"
        }
    }
}

extension NewTask {
    /// The fields of the record that the script does not make itself; absent ones are not stored.
    fileprivate func appendFields(to arguments: inout [RedisArgument]) {
        func field(_ name: RedisArgument, _ value: String?) {
            guard let value else { return }
            arguments.append(name)
            arguments.append(.string(value))
        }
        field("type", type)
        field("customer_name", customer.name)
        field("action_type", action.kind.rawValue)
        field("action_message", action.message)
        field("action_file_url", action.fileURL)
        field("action_url", action.url)
        field("timeout_hours", timeoutHours)
        field("max_retry", String(maxRetry))
        field("created_by", createdBy)
        field("trigger_keyword", trigger.keyword)
        if !trigger.keywords.isEmpty { field("trigger_keywords", Self.array(trigger.keywords)) }
        if trigger.match != .contains { field("trigger_match", trigger.match.rawValue) }
        if !trigger.exclude.isEmpty { field("trigger_exclude", Self.array(trigger.exclude)) }
        field("trigger_where", trigger.whereJSON)
        field("trigger_time", trigger.timeMs.map { String($0) })
        field("trigger_event_name", trigger.eventName)
    }

    private static func array(_ texts: [String]) -> String {
        var json = JSONWriter()
        json.beginArray()
        for text in texts { json.string(text) }
        json.endArray()
        return json.text
    }
}
