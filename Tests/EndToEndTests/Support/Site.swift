import KefuRedis
import Synchronization
import TestSupport

/// What one test needs around it: a Redis of its own, a gateway and a callback receiver that record what they get,
/// and as many instances as it starts. Everything ends with the test, also with one that fails.
final class Site: Sendable {
    /// Few at a time: the machine is small, and every test measures against real clocks somewhere.
    private static let turnstile = Turnstile(places: 4)

    static let gatewaySecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let callbackSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    let redis: PrivateRedis
    let gateway: HTTPSink
    let receiver: HTTPSink
    private let instances = Mutex<[Instance]>([])

    private init(redis: PrivateRedis, gateway: HTTPSink, receiver: HTTPSink) {
        self.redis = redis
        self.gateway = gateway
        self.receiver = receiver
    }

    /// - Parameters:
    ///   - arguments: of `redis-server`.
    ///   - signIn: what this test's own connection needs beyond the socket.
    static func run<Value>(
        redis arguments: [String] = [], signIn: (inout RedisEndpoint) -> Void = { _ in },
        _ body: (Site) async throws -> Value
    ) async throws -> Value {
        try await turnstile.pass {
            let redis = try await PrivateRedis.startOwn(arguments, signIn: signIn)
            let site = Site(redis: redis, gateway: try await .start(), receiver: try await .start())
            let result: Result<Value, any Error>
            do { result = .success(try await body(site)) } catch { result = .failure(site.explained(error)) }
            try await site.close()
            return try result.get()
        }
    }

    /// Most tests need one instance.
    static func run<Value>(
        _ settings: [String: String], _ body: (Site, Instance) async throws -> Value
    ) async throws -> Value {
        try await run { site in try await body(site, try await site.start(settings)) }
    }

    /// For tests that make their own surroundings: waits for a place like all the others.
    static func alone(_ body: () async throws -> Void) async throws { try await turnstile.pass(body) }

    /// Starts an instance on this site's Redis, gateway and receiver; the settings come on top.
    func start(_ settings: [String: String] = [:], port: Int? = nil) async throws -> Instance {
        let usual = [
            "REDIS_URL": "unix://\(redis.folder)/s", "KEFU_GATEWAY_URL": "\(gateway.url)/send",
            "TIANWANG_CALLBACK_URL": "\(receiver.url)/api/task/callback", "KEFU_RETRY_BASE_SECONDS": "0.05",
        ]
        let instance = try await Instance.start(usual.merging(settings) { $1 }, port: port)
        instances.withLock { $0.append(instance) }
        return instance
    }

    private func close() async throws {
        for instance in instances.withLock({ $0 }) { try await instance.child.dispose() }
        await gateway.stop()
        await receiver.stop()
        try await redis.stop()
    }

    /// The error, with the last words of the instances.
    private func explained(_ error: any Error) -> any Error {
        let logs = instances.withLock { $0 }.map { instance in
            instance.child.complaints.split(separator: "\n").suffix(30).joined(separator: "\n")
        }
        return NotMet(description: "\(error)\n\(logs.joined(separator: "\n--- next instance\n"))")
    }
}

/// Lets so many in at once, first come, first served.
private final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(places: Int) { state = Mutex(State(free: places)) }

    func pass<Value>(_ body: () async throws -> Value) async throws -> Value {
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                if state.free == 0 {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if mayEnter { continuation.resume() }
        }
        defer { leave() }
        return try await body()
    }

    private func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
