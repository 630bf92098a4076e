import Foundation
import KefuRedis
import TestSupport

/// A primary and its replica under the eyes of three sentinels, who need a second to give somebody up.
struct Watched: Sendable {
    static let name = "main"

    let pair: ReplicaPair
    let sentinels: [Sentinel]

    /// `redis+sentinel://…`
    var url: String { "redis+sentinel://" + sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",") + "/main" }

    static func run<Value>(_ body: (Watched) async throws -> Value) async throws -> Value {
        let pair = try await ReplicaPair.start(["--appendonly", "yes"])
        var sentinels: [Sentinel] = []
        let result: Result<Value, any Error>
        do {
            for _ in 0..<3 {
                sentinels.append(try await .start(watching: pair.ports.primary, quorum: 2))
            }
            let watched = Watched(pair: pair, sentinels: sentinels)
            try await watched.waitUntilKnown()
            result = .success(try await body(watched))
        } catch { result = .failure(error) }
        for sentinel in sentinels { try await sentinel.child.dispose() }
        try await pair.stop()
        return try result.get()
    }

    /// A fail-over needs sentinels that know each other and the replica.
    private func waitUntilKnown() async throws {
        for sentinel in sentinels {
            try await eventually("sentinel \(sentinel.port) knows all") {
                try await Child.run("redis-cli", ["-p", "\(sentinel.port)", "INFO", "sentinel"]).output
                    .contains("slaves=1,sentinels=3")
            }
        }
    }
}

/// A sentinel on loopback, in a folder of its own.
struct Sentinel: Sendable {
    let port: Int
    let child: Child

    /// - Parameters:
    ///   - primary: its port.
    ///   - settings: further lines of its file.
    static func start(
        watching primary: Int, quorum: Int = 1, isTLS: Bool = false, settings: [String] = []
    ) async throws -> Sentinel {
        let port = Ports.free()
        let folder = try PrivateRedis.makeFolder()
        let lines =
            [
                "bind 127.0.0.1", "dir \(folder)", isTLS ? "port 0\ntls-port \(port)" : "port \(port)",
                "sentinel monitor \(Watched.name) 127.0.0.1 \(primary) \(quorum)",
                "sentinel down-after-milliseconds \(Watched.name) 1000",
                "sentinel failover-timeout \(Watched.name) 3000",
            ] + settings
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: "\(folder)/sentinel.conf", atomically: false, encoding: .utf8)
        let child = try await Child.start("redis-server", ["sentinel.conf", "--sentinel"], folder: folder)
        return Sentinel(port: port, child: child)
    }
}
