import KefuCore

extension RedisTaskStore {
    package func leave() async throws(StoreError) {
        _ = try await run(
            ScriptCall(
                scripts.leave, keys: [keys.instances], arguments: [.string(keys.prefix), .string(instance.id)]))
    }
}
