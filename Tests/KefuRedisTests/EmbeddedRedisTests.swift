import Foundation
import Logging
import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

/// Each test has a data folder of its own.
@Suite struct EmbeddedRedisTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws { temporary = TemporaryFolder(path: try PrivateRedis.makeFolder()) }

    @Test func `The server that is started keeps what it is told, and ends with the last to leave`() async throws {
        let redis = try await start()
        #expect(try await ask(redis, "CONFIG", "GET", "appendonly") == .array([.string("appendonly"), .string("yes")]))
        #expect(try await ask(redis, "CONFIG", "GET", "port") == .array([.string("port"), .string("0")]))
        #expect(
            try await ask(redis, "CONFIG", "GET", "maxmemory-policy")
                == .array([.string("maxmemory-policy"), .string("noeviction")]))
        #expect(try await ask(redis, "SET", "k", "v") == .status("OK"))
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/data")[.posixPermissions] as? Int
        #expect(mode == 0o700)
        await redis.leave()
        #expect(try !isServed())

        let next = try await start()
        #expect(try await ask(next, "GET", "k") == .string("v"))
        await next.leave()
        #expect(try !isServed())
    }

    @Test func `Instances that start at once share one server, and the last to leave ends it`() async throws {
        let instances = try await withThrowingTaskGroup { tasks in
            for _ in 0..<8 { tasks.addTask { try await start() } }
            return try await tasks.reduce(into: [EmbeddedRedis]()) { $0.append($1) }
        }
        var servers: Set<String> = []
        for instance in instances { servers.insert(try await serverID(instance)) }
        #expect(servers.count == 1)
        for instance in instances.dropLast() {
            await instance.leave()
            #expect(try isServed())
        }
        let last = try #require(instances.last)
        #expect(try await ask(last, "PING") == .status("PONG"))
        await last.leave()
        await last.leave()
        #expect(try !isServed())
    }

    @Test func `Instances that come while others go always find a server`() async throws {
        try await withThrowingTaskGroup { tasks in
            for _ in 0..<6 {
                tasks.addTask {
                    for _ in 0..<4 {
                        let redis = try await start()
                        #expect(try await ask(redis, "INCR", "n").integer != nil)
                        await redis.leave()
                    }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(try !isServed())
        let redis = try await start()
        #expect(try await ask(redis, "GET", "n") == .string("24"))
        await redis.leave()
    }

    @Test func `A server that a crash has left over is used again, and ended`() async throws {
        let data = try EmbeddedRedisFolder("\(folder)/data")
        do {
            let alive = try FileLock(path: data.aliveLock)
            #expect(try alive.tryLock(.exclusive))
            try await RedisServerProcess(folder: data, program: "redis-server").start(holding: alive)
        }
        #expect(try isServed())
        let log = RecordedLog()
        let redis = try await EmbeddedRedis.start(dataDirectory: data.path, logger: log.logger)
        #expect(log.lines == ["已加入正在运行的内置 Redis"])
        await redis.leave()
        #expect(try !isServed())
    }

    @Test func `A server that dies is started again with its data, once, whoever notices`() async throws {
        let (first, second) = (try await start(), try await start())
        #expect(try await ask(first, "SET", "k", "v") == .status("OK"))
        let before = try await serverID(first)
        let watches = [first, second].map { redis in Task { await redis.run() } }
        Foundation.kill(try await pid(first), SIGKILL)
        try await eventually("another server answers") {
            guard case .success(let id) = await outcome(first) else { return false }
            return id != before
        }
        #expect(try await serverID(first) == serverID(second))
        #expect(try await ask(second, "GET", "k") == .string("v"))
        for watch in watches {
            watch.cancel()
            await watch.value
        }
        await first.leave()
        await second.leave()
        #expect(try !isServed())
    }

    @Test func `A frozen server is waited for, not doubled`() async throws {
        let redis = try await start()
        let (before, process) = (try await serverID(redis), try await pid(redis))
        Foundation.kill(process, SIGSTOP)
        let log = RecordedLog()
        async let joining = EmbeddedRedis.start(dataDirectory: "\(folder)/data", logger: log.logger)
        try await eventually("the second instance waits") { !log.lines.isEmpty }
        #expect(log.lines.first == "the embedded Redis does not answer yet")
        Foundation.kill(process, SIGCONT)
        let joined = try await joining
        #expect(try await serverID(joined) == before)
        #expect(log.lines.last == "已加入正在运行的内置 Redis")
        await redis.leave()
        await joined.leave()
    }

    @Test func `A server that still loads its data is waited for, and people are told`() async throws {
        let slow = try await slowProgram(microsecondsPerKey: 1000)
        let log = RecordedLog()
        let next = try await EmbeddedRedis.start(dataDirectory: "\(folder)/data", program: slow, logger: log.logger)
        #expect(log.lines.contains("内置 Redis 正在载入数据"))
        #expect(try await ask(next, "DBSIZE") == .integer(3000))
        await next.leave()
    }

    @Test func `A start that is called off while the server loads its data leaves none behind`() async throws {
        let slow = try await slowProgram(microsecondsPerKey: 5000)
        let log = RecordedLog()
        let start = Task {
            try await EmbeddedRedis.start(dataDirectory: "\(folder)/data", program: slow, logger: log.logger)
        }
        try await eventually("it loads") { log.lines.contains("内置 Redis 正在载入数据") }
        start.cancel()
        // It has come up at the same moment: then it is ended as any other.
        if let redis = try? await start.value { await redis.leave() }
        #expect(try !isServed())
        // Nothing is lost by that.
        let next = try await self.start()
        #expect(try await ask(next, "DBSIZE") == .integer(3000))
        await next.leave()
    }

    /// A server that takes its time to load the 3,000 keys that the folder has by then.
    private func slowProgram(microsecondsPerKey delay: Int) async throws -> String {
        let redis = try await start()
        _ = try await ask(redis, "EVAL", "for i = 1, 3000 do redis.call('SET', 'k' .. i, 'v') end", "0")
        await redis.leave()
        let program = "\(folder)/slow-redis"
        let script = "#!/bin/sh\nexec redis-server \"$@\" --key-load-delay \(delay)\n"
        try script.write(toFile: program, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
        return program
    }

    @Test func `Without redis-server the start fails with what to do`() async throws {
        await #expect {
            try await EmbeddedRedis.start(dataDirectory: "\(folder)/data", program: "no-such-redis", logger: .silent)
        } throws: { error in
            "\(error)".contains("install it") && "\(error)".contains("REDIS_URL")
        }
    }

    @Test func `A folder with too long a path is refused with what to do`() async throws {
        let long = "\(folder)/" + String(repeating: "d", count: 100)
        await #expect {
            try await EmbeddedRedis.start(dataDirectory: long, logger: .silent)
        } throws: { error in
            "\(error)".contains("set KEFU_DATA_DIR to a shorter one")
        }
        #expect(!FileManager.default.fileExists(atPath: long))
    }

    @Test func `A server that cannot read its data fails the start with its own complaint`() async throws {
        let files = "\(folder)/data/appendonlydir"
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        try "garbage".write(toFile: "\(files)/appendonly.aof.manifest", atomically: true, encoding: .utf8)
        await #expect {
            try await start()
        } throws: { error in
            "\(error)".contains("redis.log") && "\(error)".lowercased().contains("manifest")
        }
    }

    @Test func `Paths are quoted as Redis reads its settings`() {
        #expect(EmbeddedRedisFolder.quote(#"/a b/"c"\d"#) == #""/a b/\"c\"\\d""#)
        #expect(EmbeddedRedisFolder.quote("/键\n") == #""/\xe9\x94\xae\x0a""#)
    }

    @Test func `A folder with odd characters in its name works`() async throws {
        let odd = "\(folder)/a \"b\" 键"
        let redis = try await EmbeddedRedis.start(dataDirectory: odd, logger: .silent)
        #expect(try await ask(redis, "PING") == .status("PONG"))
        await redis.leave()
    }

    // MARK: Parts

    private func start() async throws -> EmbeddedRedis {
        try await EmbeddedRedis.start(dataDirectory: "\(folder)/data", logger: .silent)
    }

    /// Whether a server of the folder lives.
    private func isServed() throws -> Bool {
        try !FileLock(path: "\(folder)/data/server.lock").tryLock(.shared)
    }

    private func ask(_ redis: EmbeddedRedis, _ arguments: String...) async throws -> RESPValue {
        let client = try RedisClient(
            endpoint: redis.endpoint, group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        try await eventually("connected") { await client.waitUntilConnected(within: .seconds(1)) }
        let reply = try await client.command(arguments.map { .string($0) })
        await client.close()
        return reply
    }

    /// Different for every start of a server.
    private func serverID(_ redis: EmbeddedRedis) async throws -> String {
        try await field("run_id", redis)
    }

    private func pid(_ redis: EmbeddedRedis) async throws -> Int32 {
        try #require(Int32(try await field("process_id", redis)))
    }

    private func outcome(_ redis: EmbeddedRedis) async -> Result<String, any Error> {
        do { return .success(try await serverID(redis)) } catch { return .failure(error) }
    }

    private func field(_ name: String, _ redis: EmbeddedRedis) async throws -> String {
        let lines = try await ask(redis, "INFO", "server").text?.split(separator: "\r\n") ?? []
        let line = try #require(lines.first { $0.hasPrefix("\(name):") })
        return String(line.dropFirst(name.count + 1))
    }
}

/// Removed when the test has ended.
private final class TemporaryFolder: Sendable {
    let path: String

    init(path: String) { self.path = path }

    deinit {
        // A folder that stays behind does no harm.
        try? FileManager.default.removeItem(atPath: path)
    }
}
