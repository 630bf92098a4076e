import KefuCore

extension RedisTaskStore {
    package func releaseConnector(token: Int64) async throws(StoreError) {
        _ = try await run(
            ScriptCall(
                scripts.releaseConnector, keys: [keys.connector],
                arguments: [.string(keys.prefix), .string(instance.id), .integer(token)]))
    }
}
