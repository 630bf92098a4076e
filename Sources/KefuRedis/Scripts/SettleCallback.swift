import KefuCore

extension RedisTaskStore {
    package func settleCallback(
        _ claim: ClaimedCallback, outcome: CallbackSettlement
    ) async throws(StoreError) -> Handout<Void> {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(claim.callback.id), .integer(claim.claimedUntilMs),
        ]
        switch outcome.verdict {
        case .delivered:
            // By Redis's clock, without asking it: it was claimed so long before the claim ends.
            let duration = outcome.duration.milliseconds
            let at = claim.claimedUntilMs - callbackHoldMs + duration
            let delivery = "\(at) \(outcome.httpStatus ?? 0) \(duration)"
            arguments += ["delivered", "", 0, .string(delivery)]
        case .failed(let error, let pause):
            let delivery = claim.callback.failedDelivery(outcome, error: error)
            arguments += ["failed", .string(error), .integer(pause.milliseconds), .string(delivery)]
        case .released: arguments += ["released", "", 0, ""]
        }
        var reader = try await run(
            ScriptCall(scripts.settleCallback, keys: [keys.callback(claim.callback.id)], arguments: arguments))
        if try reader.string() == "delivered" { tally.add(.callbacksDelivered) }
        return Handout(outcome: (), nextDueInMs: try reader.optionalInt())
    }
}

extension Callback {
    /// A line of `deliveries:<task>`, still without what the script knows.
    fileprivate func failedDelivery(_ outcome: CallbackSettlement, error: String) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.key("callback_id")
        json.string(id)
        json.key("status")
        json.string(status.rawValue)
        if let status = outcome.httpStatus {
            json.key("http_status")
            json.int(status)
        }
        json.key("error")
        json.string(error)
        json.key("duration_ms")
        json.int(outcome.duration.milliseconds)
        json.endObject()
        return json.text
    }
}
