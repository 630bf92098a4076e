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
        let armament = Armament(task)
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(token), .string(leaseMs), .integer(capacity), .string(calledBack),
            .string(task.id), .string(task.contentDigest), .string(task.customer.id), .string(armament.entries),
            .string(task.priority.rawValue), .string(task.trigger.kind.rawValue), .integer(task.timeoutMs),
        ]
        arguments.reserveCapacity(48)
        arguments.append(.string(armament.times.map { "\($0.lowerBound) \($0.upperBound)" }))
        arguments.append(.string(armament.lookback))
        arguments.append(.string(armament.names))
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
            metrics.accepted.increment()
            let generation = Int(try reader.int())
            let due = try reader.optionalInt()
            let outcome = ReceiveOutcome.accepted(generation: generation)
            // What has fired waits for nothing.
            if due != nil { return Handout(outcome: outcome, nextDueInMs: due) }
            metrics.firedAtAcceptance.increment()
            let backlog = try reader.int()
            return Handout(
                outcome: outcome, tasks: try reader.claims(token: token, heldUntil: heldUntil),
                hasBacklog: backlog > 0)
        case "duplicate":
            metrics.duplicate.increment()
            return Handout(outcome: .duplicate(status: try reader.status()))
        case "conflict":
            metrics.conflict.increment()
            return Handout(outcome: .conflict(status: try reader.status()))
        case let word: throw .defect("receive answered \(word)")
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
        if trigger.lookbackMs > 0 { field("trigger_lookback", String(trigger.lookbackMs)) }
        if !otherTriggers.isEmpty { field("triggers", Self.shown(triggers)) }
        field("traceparent", trace?.text)
    }

    /// All of several triggers as they were sent, but for times: these are epoch milliseconds.
    private static func shown(_ triggers: [Trigger]) -> String {
        var json = JSONWriter()
        json.beginArray()
        for trigger in triggers { trigger.write(to: &json) }
        json.endArray()
        return json.text
    }

    private static func array(_ texts: [String]) -> String {
        var json = JSONWriter()
        json.strings(texts)
        return json.text
    }
}

extension Trigger {
    fileprivate func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("type")
        json.string(kind.rawValue)
        if let keyword {
            json.key("keyword")
            json.string(keyword)
        }
        if !keywords.isEmpty {
            json.key("keywords")
            json.strings(keywords)
        }
        if match != .contains {
            json.key("match")
            json.string(match.rawValue)
        }
        if !exclude.isEmpty {
            json.key("exclude")
            json.strings(exclude)
        }
        if let whereJSON {
            json.key("where")
            json.raw(whereJSON)
        }
        if let timeMs {
            json.key("time")
            json.int(timeMs)
        }
        if let eventName {
            json.key("event")
            json.string(eventName)
        }
        if lookbackMs > 0 {
            json.key("lookback_seconds")
            json.seconds(lookbackMs)
        }
        json.endObject()
    }
}

extension JSONWriter {
    fileprivate mutating func strings(_ texts: [String]) {
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}
