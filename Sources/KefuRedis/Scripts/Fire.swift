import KefuCore

extension RedisTaskStore {
    package func fire(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> {
        let handout = try readChange(
            await run(
                ScriptCall(
                    scripts.fire, keys: [keys.task(taskID)],
                    arguments: [.string(keys.prefix), .string(taskID), .string(Self.manualEvent)])))
        if handout.outcome == .done { metrics.firedByHand.increment() }
        return handout
    }

    /// What `trigger_event` of a task fired by hand shows, still without its `at`.
    static let manualEvent = #"{"type":"manual"}"#
}
