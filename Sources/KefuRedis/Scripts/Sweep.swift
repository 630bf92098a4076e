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
                    .integer(policy.retention.milliseconds),
                ]))
        let hasMore = try reader.int() > 0
        let due = try reader.optionalInt()
        let backlog = try reader.int()
        let claims = try reader.claims(token: token, heldUntil: heldUntil)
        var callbacks: [ClaimedCallback] = []
        for var row in try reader.rows() { callbacks.append(try row.callback()) }
        var outcome = SweepOutcome(
            timedOut: try reader.strings(), reclaimed: try reader.strings(), lost: try reader.strings(),
            hasMore: hasMore)
        let cancelled = try reader.strings().count
        tally.add(.failed, outcome.timedOut.count + outcome.lost.count)
        tally.add(.cancelled, cancelled)
        let late = (try reader.next().array ?? []).compactMap(\.integer)
        metrics.swept(outcome, cancelled: cancelled, lateMs: late)
        if var traces = try reader.row() { outcome.traces = traces.fields().compactMapValues(TraceParent.init) }
        return Handout(
            outcome: outcome, tasks: claims, callbacks: callbacks, hasBacklog: backlog > 0, nextDueInMs: due)
    }
}
