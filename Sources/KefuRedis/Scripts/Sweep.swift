import KefuCore

extension RedisTaskStore {
    package func sweep(capacity: Int, callbackCapacity: Int) async throws(StoreError) -> Handout<SweepOutcome> {
        let token = nextToken()
        let heldUntil = holdFromNow()
        var reader = try await run(
            ScriptCall(
                scripts.sweep, keys: [keys.timeouts],
                arguments: [
                    .string(keys.prefix), .string(token), .string(leaseMs),
                    .integer(min(capacity, Self.claimLimit)), .string(calledBack), .integer(callbackCapacity),
                    .integer(callbackHoldMs), .integer(policy.gatewayTimeout.milliseconds),
                    .integer(policy.retention.milliseconds), .string(Self.timeReachEvent),
                ]))
        let hasMore = try reader.int() > 0
        let due = try reader.optionalInt()
        let backlog = try reader.int()
        let claims = try reader.claims(token: token, heldUntil: heldUntil)
        var callbacks: [ClaimedCallback] = []
        for var row in try reader.rows() { callbacks.append(try row.callback()) }
        let outcome = SweepOutcome(
            timedOut: try reader.strings(), reclaimed: try reader.strings(), lost: try reader.strings(),
            hasMore: hasMore)
        tally.add(.failed, outcome.timedOut.count + outcome.lost.count)
        tally.add(.cancelled, try reader.strings().count)
        return Handout(
            outcome: outcome, tasks: claims, callbacks: callbacks, hasBacklog: backlog > 0, nextDueInMs: due)
    }
}
