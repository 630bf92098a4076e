import KefuCore

extension RedisTaskStore {
    package func renew(_ leases: [Lease]) async throws(StoreError) -> [Lease] {
        guard !leases.isEmpty else { return [] }
        var arguments: [RedisArgument] = [.string(keys.prefix), .string(leaseMs)]
        for lease in leases { arguments += [.string(lease.taskID), .string(lease.token)] }
        var reader = try await run(ScriptCall(scripts.renew, keys: [keys.running], arguments: arguments))
        var lost: [Lease] = []
        while !reader.isAtEnd {
            let index = Int(try reader.int())
            guard leases.indices.contains(index - 1) else { throw .defect("renew answered index \(index)") }
            lost.append(leases[index - 1])
        }
        return lost
    }
}
