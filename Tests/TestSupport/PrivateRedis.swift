import Foundation
import KefuRedis
import Logging
import NIOPosix

/// A `redis-server` of this test process alone, on a unix socket in a temporary folder.
///
/// It ends when ``stop()`` is called, when this value goes, or when the test process ends in whatever way: a shell
/// beside it waits for the end of a pipe that only this process holds, then kills the server and removes the folder.
package actor PrivateRedis {
    package nonisolated let endpoint: RedisEndpoint
    /// Everything that the server keeps; also its log, `log`.
    package nonisolated let folder: String
    /// Speaks to the server apart from whatever is tested.
    package nonisolated let admin: RedisClient

    private let arguments: [String]
    private var guardian: RedisGuardian?
    private static let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    /// The one server of all suites of this process. Each test has its own keys there (``KeySpace``); tests that
    /// alter or stop a server start their own.
    package static var shared: PrivateRedis {
        get async throws { try await sharedStart.value }
    }

    private static let sharedStart = Task { try await startOwn() }

    /// Starts a server and waits until it answers.
    ///
    /// - Parameters:
    ///   - arguments: as on `redis-server`'s command line, such as `["--appendonly", "yes"]`.
    ///   - folder: an existing one; nil: a new one.
    ///   - signIn: how ``admin`` reaches a server that wants more than its socket.
    package static func startOwn(
        _ arguments: [String] = [], folder: String? = nil, signIn: (inout RedisEndpoint) -> Void = { _ in }
    ) async throws -> PrivateRedis {
        let folder = try folder ?? makeFolder()
        var endpoint = RedisEndpoint(address: .unixSocket(path: "\(folder)/s"))
        signIn(&endpoint)
        let redis = try PrivateRedis(arguments, endpoint: endpoint, folder: folder)
        try await redis.start()
        return redis
    }

    /// A new folder with a short path.
    package static func makeFolder() throws -> String {
        let folder = "/tmp/kefu-test-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        return folder
    }

    private init(_ arguments: [String], endpoint: RedisEndpoint, folder: String) throws {
        self.folder = folder
        self.endpoint = endpoint
        self.arguments = arguments
        self.admin = try RedisClient(endpoint: endpoint, group: Self.loops, name: "admin", logger: .silent)
    }

    /// Of the server; nil when it was stopped or killed.
    package var pid: Int32? { guardian?.pid }

    /// Starts the server (again, on the same data) and waits until it answers.
    package func start() async throws {
        guardian = try await RedisGuardian.start(folder: folder, arguments: arguments)
        try await eventually("redis-server answers") { await admin.waitUntilConnected(within: .seconds(1)) }
    }

    /// `kill -9`, and waits until the process is gone.
    package func kill() async throws {
        try await guardian?.end(removing: "")
        guardian = nil
    }

    /// The server freezes in the middle of whatever it does: connections stay, answers do not come.
    package func pause() { signal(SIGSTOP) }

    package func resume() { signal(SIGCONT) }

    /// Kills the server and removes the folder.
    package func stop() async throws {
        await admin.close()
        guard let guardian else { return try FileManager.default.removeItem(atPath: folder) }
        try await guardian.end(removing: folder)
        self.guardian = nil
    }

    private func signal(_ number: Int32) {
        if let pid = guardian?.pid { Foundation.kill(pid, number) }
    }

    /// A connected client of the server on the loops given.
    package nonisolated func client(
        on group: MultiThreadedEventLoopGroup, scripts: [RedisScript] = [],
        limits: RedisClientLimits = .patient, logger: Logger = .silent
    ) async throws -> RedisClient {
        let client = try RedisClient(
            endpoint: endpoint, group: group, scripts: scripts, name: "test", limits: limits, logger: logger)
        try await eventually("the client is connected") { await client.waitUntilConnected(within: .seconds(1)) }
        return client
    }
}

extension RedisClientLimits {
    /// For tests whose subject is not time: hundreds of them share a server and a busy machine.
    package static var patient: RedisClientLimits {
        var limits = RedisClientLimits()
        limits.replyDeadline = .minutes(2)
        limits.crowdedAge = .minutes(2)
        return limits
    }
}

extension Logger {
    /// Says nothing.
    package static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}
