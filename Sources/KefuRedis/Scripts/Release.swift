import KefuCore

extension RedisTaskStore {
    package func release(_ leases: [(lease: Lease, started: Bool)]) async throws(StoreError) {
        guard !leases.isEmpty else { return }
        var arguments: [RedisArgument] = [.string(keys.prefix), .string(calledBack)]
        for (lease, started) in leases {
            arguments += [.string(lease.taskID), .string(lease.token), .flag(started)]
        }
        _ = try await run(ScriptCall(scripts.release, keys: [keys.running], arguments: arguments))
    }
}
