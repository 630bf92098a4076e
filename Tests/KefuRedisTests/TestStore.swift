// A store in a key space of its own whose clock stands still until the test moves it.
import KefuCore
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

/// Whether Redis knows the scripts when the tested call comes: it must not matter.
enum ScriptCache: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case warm, flushed

    var testDescription: String { "script cache \(rawValue)" }
}

struct TestStore: Sendable {
    /// What one call answered, and all that it changed in the key space; ``KeySpaceText`` has the form.
    struct Step<Answer: Sendable>: Sendable {
        var answer: Answer
        var changes: String
    }

    /// Where every test's clock begins: epoch milliseconds. Texts show times as `@` and the distance from here.
    static let epoch: Int64 = 1_800_000_000_000

    /// Reads the test's clock instead of Redis's.
    static let clockRead = "redis.call('HMGET', ARGV[1] .. 'clock', 's', 'us')"

    static let scripts = ScriptLibrary(clockRead: clockRead)

    let client: RedisClient
    let store: RedisTaskStore
    let keys: Keys
    private let cache: ScriptCache

    init(
        _ cache: ScriptCache = .warm, policy: SchedulingPolicy = .allCalledBack, instance: String = "i1",
        scripts: ScriptLibrary = TestStore.scripts
    ) async throws {
        let shard = "t" + String(UInt64.random(in: .min ... .max), radix: 36)
        try await self.init(cache, policy: policy, instance: instance, scripts: scripts, shard: shard)
        try await at(0)
    }

    private init(
        _ cache: ScriptCache, policy: SchedulingPolicy, instance: String, scripts: ScriptLibrary, shard: String
    ) async throws {
        self.cache = cache
        client = try await Self.client.value
        keys = Keys(shard: shard)
        store = RedisTaskStore(
            client: client, scripts: scripts, keys: keys,
            instance: .init(id: instance, host: "h1", version: "1.0", startedAtMs: Self.epoch), policy: policy)
    }

    /// On a server of the test's own.
    init(on redis: PrivateRedis) async throws {
        client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 1), scripts: Self.scripts.all)
        keys = Keys()
        cache = .warm
        store = RedisTaskStore(
            client: client, scripts: Self.scripts, keys: keys,
            instance: .init(id: "i1", host: "h1", version: "1.0", startedAtMs: Self.epoch), policy: .allCalledBack)
        try await at(0)
    }

    /// Another instance on the same key space and clock.
    func peer(_ instance: String, policy: SchedulingPolicy = .allCalledBack) async throws -> TestStore {
        try await TestStore(
            cache, policy: policy, instance: instance, scripts: store.scripts,
            shard: String(keys.prefix.dropFirst(6).dropLast(2)))
    }

    /// One client for all tests: what a script does depends on its arguments only.
    private static let client = Task {
        try await PrivateRedis.shared.client(
            on: MultiThreadedEventLoopGroup(numberOfThreads: 1), scripts: scripts.all, limits: .patient)
    }

    /// Sets the clock, in milliseconds from ``epoch``.
    func at(_ offset: Int64) async throws {
        let ms = Self.epoch + offset
        try await command("HSET", keys.prefix + "clock", "s", String(ms / 1000), "us", String(ms % 1000 * 1000))
    }

    /// Makes one call, compares the whole key space before with the whole key space after, and checks the latter
    /// (``KeySpaceInvariants``).
    func step<Answer: Sendable>(
        sourceLocation: SourceLocation = #_sourceLocation, _ call: (RedisTaskStore) async throws -> Answer
    ) async throws -> Step<Answer> {
        let before = try await image()
        if cache == .flushed { try await command("SCRIPT", "FLUSH") }
        let answer = try await call(store)
        let after = try await image()
        #expect(KeySpaceInvariants(after).violations == [], sourceLocation: sourceLocation)
        return Step(answer: answer, changes: KeySpaceText(after).changes(since: KeySpaceText(before)))
    }

    /// All keys but the clock, by their names without prefix.
    func image() async throws -> [String: KeyImage] {
        var image = try await client.dump(keys.prefix)
        image["clock"] = nil
        return image
    }

    /// One field of a record, with times as texts show them.
    func field(_ name: String, of id: String) async throws -> String? {
        KeySpaceText(try await image()).lines["task:\(id) \(name)"]
    }

    /// What the store has no method for.
    func command(_ arguments: String...) async throws {
        let reply = try await client.command(arguments.map { .string($0) })
        if let error = reply.error { throw error }
    }

    /// Deletes the key space: what is large would slow down every look at the others.
    func remove() async throws {
        let script = """
            for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
              redis.call('UNLINK', key)
            end
            """
        try await command("EVAL", script, "0", keys.prefix)
    }
}

extension SchedulingPolicy {
    /// The final states are called back; a lease of 15 s, a gateway's 10 s.
    static let allCalledBack = SchedulingPolicy(calledBack: [.completed, .failed, .cancelled])
    static let noneCalledBack = SchedulingPolicy()
    /// As ``allCalledBack``, and events are kept for a minute.
    static let eventsKept = SchedulingPolicy(
        calledBack: [.completed, .failed, .cancelled], eventLog: .seconds(60))
}
