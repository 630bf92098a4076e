import KefuCore

// The store is also what the connector holds its lease with.
extension RedisTaskStore: ConnectorLease {
    package func holdConnector(
        token: Int64?, length: Duration, connection: ConnectorState
    ) async throws(StoreError) -> ConnectorHold {
        var reader = try await run(
            ScriptCall(
                scripts.holdConnector, keys: [keys.connector],
                arguments: [
                    .string(keys.prefix), .string(instance.id), .integer(token ?? 0),
                    .integer(length.milliseconds), .string(connection.peer), .flag(connection.isConnected),
                    .string(connection.silence.map { String($0.milliseconds) }),
                ]))
        let word = try reader.string()
        let token = try reader.int()
        return word == "held" ? .held(token: token) : .other(left: .milliseconds(try reader.int()))
    }
}
