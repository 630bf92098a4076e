import KefuCore

extension RedisTaskStore {
    package func replayCallbacks(_ selection: CallbackSelection) async throws(StoreError) -> Int {
        let (word, id): (RedisArgument, String) =
            switch selection {
            case .callback(let id): ("callback", id)
            case .task(let id): ("task", id)
            case .allDead: ("all_dead", "")
            }
        var replayed = 0
        var hasMore = true
        while hasMore {
            var reader = try await run(
                ScriptCall(
                    scripts.replayCallbacks, keys: [keys.deadCallbacks],
                    arguments: [.string(keys.prefix), word, .string(id)]))
            replayed += Int(try reader.int())
            hasMore = try reader.int() > 0
        }
        return replayed
    }
}
