/// A primary and a replica that follows it, over loopback.
package struct ReplicaPair: Sendable {
    /// A replica joins at once, instead of waiting for others; and both may be told to stand still.
    private static let usual = ["--bind", "127.0.0.1", "--repl-diskless-sync-delay", "0"]

    package let primary: PrivateRedis
    package let replica: PrivateRedis
    /// Of the primary and of the replica.
    package let ports: (primary: Int, replica: Int)

    /// - Parameter arguments: for both, as on `redis-server`'s command line.
    package static func start(_ arguments: [String] = []) async throws -> ReplicaPair {
        let ports = (primary: Ports.free(), replica: Ports.free())
        let primary = try await PrivateRedis.startOwn(["--port", "\(ports.primary)"] + usual + arguments)
        let replica = try await PrivateRedis.startOwn(
            ["--port", "\(ports.replica)", "--replicaof", "127.0.0.1 \(ports.primary)"] + usual + arguments)
        let pair = ReplicaPair(primary: primary, replica: replica, ports: ports)
        try await pair.waitUntilFollowed()
        return pair
    }

    package func waitUntilFollowed() async throws {
        try await eventually("the replica follows") {
            try await primary.answer("INFO", "replication").text?.contains("state=online") == true
        }
    }

    package func stop() async throws {
        try await replica.stop()
        try await primary.stop()
    }
}
