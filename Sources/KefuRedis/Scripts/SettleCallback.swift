import KefuCore

extension RedisTaskStore {
    package func settleCallback(
        _ claim: ClaimedCallback, outcome: CallbackSettlement
    ) async throws(StoreError) -> Handout<Void> {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(claim.callback.id), .integer(claim.claimedUntilMs),
        ]
        switch outcome {
        case .delivered: arguments += ["delivered", "", 0]
        case .failed(let error, let pause): arguments += ["failed", .string(error), .integer(pause.milliseconds)]
        case .released: arguments += ["released", "", 0]
        }
        var reader = try await run(
            ScriptCall(scripts.settleCallback, keys: [keys.callback(claim.callback.id)], arguments: arguments))
        if try reader.string() == "delivered" { tally.add(.callbacksDelivered) }
        return Handout(outcome: (), nextDueInMs: try reader.optionalInt())
    }
}
