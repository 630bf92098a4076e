import KefuCore

extension RedisTaskStore {
    /// The most tasks that one call claims.
    package static let claimLimit = 200

    package func claim(capacity: Int) async throws(StoreError) -> Handout<Void> {
        let token = nextToken()
        let heldUntil = holdFromNow()
        var reader = try await run(
            ScriptCall(
                scripts.claim, keys: [keys.ready],
                arguments: [
                    .string(keys.prefix), .string(token), .string(leaseMs),
                    .integer(min(capacity, Self.claimLimit)), .string(calledBack),
                ]))
        let backlog = try reader.int()
        return Handout(
            outcome: (), tasks: try reader.claims(token: token, heldUntil: heldUntil), hasBacklog: backlog > 0)
    }
}
