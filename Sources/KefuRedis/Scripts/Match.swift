import KefuCore

extension RedisTaskStore {
    package func match(_ event: CustomerEvent, capacity: Int) async throws(StoreError) -> Handout<MatchOutcome> {
        let token = nextToken()
        let heldUntil = holdFromNow()
        let reader = try await run(matchCall(event, token: token, capacity: capacity))
        return try readMatch(reader, token: token, heldUntil: heldUntil)
    }

    package func match(_ events: [CustomerEvent]) async -> [Result<Handout<MatchOutcome>, StoreError>] {
        guard var turns = EventTurns(events) else { return await matchInOneTurn(events) }
        let untold = Result<Handout<MatchOutcome>, StoreError>.failure(.defect("an event without a turn"))
        var results = Array(repeating: untold, count: events.count)
        while let (go, stay) = turns.next() {
            for (place, error) in stay { results[place] = .failure(error) }
            for (place, result) in zip(go, await matchInOneTurn(go.map { events[$0] })) {
                results[place] = result
                if case .failure(let error) = result { turns.failed(place, error) }
            }
        }
        return results
    }

    private func matchInOneTurn(_ events: [CustomerEvent]) async -> [Result<Handout<MatchOutcome>, StoreError>] {
        let heldUntil = holdFromNow()
        let calls = events.map { matchCall($0, token: nextToken(), capacity: 0) }
        return await client.run(calls).map { result in
            result.mapError(StoreError.init).flatMap { reply in
                Result { () throws(StoreError) in
                    try readMatch(try ReplyReader(reply), token: "", heldUntil: heldUntil)
                }
            }
        }
    }

    private func matchCall(_ event: CustomerEvent, token: String, capacity: Int) -> ScriptCall {
        let entry =
            switch event.kind {
            case .message: "message"
            case .payment: "payment"
            case .order: "order"
            case .custom: Keys.custom(event.eventName ?? "")
            }
        var names = [keys.armed(customer: event.customerID, entry: entry)]
        if let id = event.eventID { names.append(keys.event(customer: event.customerID, id: id)) }
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(token), .string(leaseMs), .integer(capacity), .string(calledBack),
            .string(entry), .string(event.normalizedText), .string(event.exactText), .string(event.recordJSON),
            .string(event.dataJSON),
        ]
        if let eventLogTTL { arguments.append(.string(eventLogTTL)) }
        return ScriptCall(scripts.match, keys: names, arguments: arguments)
    }

    private func readMatch(
        _ reader: ReplyReader, token: String, heldUntil: ContinuousClock.Instant
    ) throws(StoreError) -> Handout<MatchOutcome> {
        var reader = reader
        switch try reader.string() {
        case "none":
            tally.add(.events)
            metrics.unmatched.increment()
            return Handout(outcome: MatchOutcome(matched: [], duplicate: false))
        case "duplicate":
            metrics.repeated.increment()
            return Handout(outcome: MatchOutcome(matched: try reader.strings(), duplicate: true))
        case "matched":
            let matched = try reader.strings()
            tally.add(.events)
            tally.add(.matched, matched.count)
            metrics.matched.increment()
            metrics.firedByEvent.increment(by: matched.count)
            let backlog = try reader.int()
            return Handout(
                outcome: MatchOutcome(matched: matched, duplicate: false),
                tasks: try reader.claims(token: token, heldUntil: heldUntil), hasBacklog: backlog > 0)
        case let word: throw .defect("match answered \(word)")
        }
    }
}
