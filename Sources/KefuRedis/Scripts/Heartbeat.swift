import KefuCore

extension RedisTaskStore {
    package func heartbeat(running: Int) async throws(StoreError) {
        lastRunning.store(running, ordering: .relaxed)
        try await writeHeartbeat(running: running)
        try await look()
    }

    func writeHeartbeat(running: Int) async throws(StoreError) {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(instance.id), .string(instance.host), .string(instance.version),
            .integer(instance.startedAtMs), .integer(running),
        ]
        let counts = tally.drain()
        for counter in Counter.allCases {
            if let number = counts[counter] { arguments += [.string(counter.rawValue), .integer(number)] }
        }
        do {
            _ = try await run(ScriptCall(scripts.heartbeat, keys: [keys.instances], arguments: arguments))
        } catch .unavailable(let reason) {
            tally.restore(counts)
            throw .unavailable(reason)
        }
    }
}
