import KefuCore

extension RedisTaskStore {
    package func replayCallbacks(_ selection: CallbackSelection) async throws(StoreError) -> Int {
        switch selection {
        case .callback(let id): return id.isEmpty ? 0 : try await replayCallback(id).count
        case .task(let id):
            // Before the first is replayed: what moves between the queues meanwhile would be met twice.
            var count = 0
            for callback in try await callbacks(ofTask: id) { count += try await replayCallback(callback).count }
            return count
        case .allDead:
            var replayed = 0
            while true {
                let (count, hasMore) = try await replayCallback("")
                replayed += count
                if !hasMore { return replayed }
            }
        }
    }

    /// - Parameter id: empty for the first of all that were given up.
    private func replayCallback(_ id: String) async throws(StoreError) -> (count: Int, hasMore: Bool) {
        var reader = try await run(
            ScriptCall(
                scripts.replayCallbacks, keys: [keys.deadCallbacks], arguments: [.string(keys.prefix), .string(id)]))
        return (Int(try reader.int()), try reader.int() > 0)
    }

    /// Page by page, so that a long outbox holds Redis only for moments.
    private func callbacks(ofTask id: String) async throws(StoreError) -> [String] {
        var found: [String] = []
        for state in [CallbackQuery.State.dead, .pending] {
            var query = CallbackQuery(state: state, limit: 500)
            while true {
                let page = try await callbacks(query)
                found += page.callbacks.filter { $0.taskID == id }.map(\.callbackID)
                guard let next = page.next else { break }
                query.after = next
            }
        }
        return found
    }
}
