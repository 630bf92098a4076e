import KefuCore

extension RedisTaskStore {
    package func callbacks(_ query: CallbackQuery) async throws(StoreError) -> CallbackPage {
        let key = query.state == .pending ? keys.callbacks : keys.deadCallbacks
        var reader = try await run(
            ScriptCall(
                scripts.callbacks, keys: [key],
                arguments: [
                    .string(keys.prefix), .integer(query.limit), .string(query.after.map { String($0.scoreMs) }),
                    .string(query.after?.callbackID),
                ]))
        var entries: [CallbackPage.Entry] = []
        for var row in try reader.rows() {
            let (id, score, taskID) = (try row.string(), try row.int(), try row.string())
            entries.append(
                CallbackPage.Entry(
                    callbackID: id, taskID: taskID, status: try row.status(), attempts: Int(try row.int()),
                    lastError: try row.optionalString(), nextAttemptAtMs: query.state == .pending ? score : nil))
        }
        let score = try reader.optionalInt()
        let id = try reader.optionalString()
        guard let score, let id else { return CallbackPage(callbacks: entries, next: nil) }
        return CallbackPage(callbacks: entries, next: CallbackQuery.Cursor(scoreMs: score, callbackID: id))
    }
}
