import KefuCore
import Synchronization

/// Tasks in Redis: the adapter of the `TaskStore` port. One method an operation, each in a file of `Scripts/` beside
/// the Lua script of the same name. Holds nothing that matters: a counter for lease tokens, and event counts that
/// are written with the next heartbeat.
///
/// With a client that confirms (``ReplicaConfirmation``) accepts and cancels are answered when the replicas have them.
package final class RedisTaskStore: TaskStore {
    /// Who claims: shown in `stats` and in the records of running tasks.
    package struct Instance: Sendable {
        /// Unique to this run of the process, without a colon.
        package var id: String
        package var host: String
        package var version: String
        package var startedAtMs: Int64

        package init(id: String, host: String, version: String, startedAtMs: Int64) {
            self.id = id
            self.host = host
            self.version = version
            self.startedAtMs = startedAtMs
        }
    }

    let client: RedisClient
    let scripts: ScriptLibrary
    let keys: Keys
    let instance: Instance
    let policy: SchedulingPolicy
    let tally = Tally()
    let metrics: StoreMetrics
    let calledBack: String
    private let terms: LeaseTerms
    let leaseMs: String
    /// Seconds that a customer's event log lives behind its last event; nil when events are not kept. Longer than any
    /// task looks back: what is too old the clock says, not the key's end.
    let eventLogTTL: String?
    private let calls = Atomic<UInt64>(0)
    let lastRunning = Atomic<Int>(0)
    /// What the last look found: see Lookout.swift.
    let lookout = Mutex<[StoreWarning]>([])

    package init(
        client: RedisClient, scripts: ScriptLibrary = .production, keys: Keys = Keys(), instance: Instance,
        policy: SchedulingPolicy, metrics: StoreMetrics = .unobserved
    ) {
        self.client = client
        self.scripts = scripts
        self.keys = keys
        self.instance = instance
        self.policy = policy
        self.metrics = metrics
        terms = LeaseTerms(length: policy.lease)
        calledBack = policy.calledBack.map(\.rawValue).sorted().joined(separator: ",")
        leaseMs = String(policy.lease.milliseconds)
        eventLogTTL = policy.eventLog > .zero ? String(policy.eventLog.milliseconds / 1000 + 2) : nil
    }

    /// A fencing token: another for each call that may claim.
    func nextToken() -> String {
        "\(instance.id):\(calls.add(1, ordering: .relaxed).newValue)"
    }

    /// Until when a claim of a call that goes out now allows a request to begin, by this machine's clock.
    func holdFromNow() -> ContinuousClock.Instant {
        terms.heldUntil(sentAt: .now)
    }

    /// How long a callback that was handed out stays with this instance: a delivery has ended by then.
    var callbackHoldMs: Int64 { max(policy.lease, policy.gatewayTimeout + .seconds(5)).milliseconds }

    package func ping() async throws(StoreError) {
        let reply: RESPValue
        do { reply = try await client.command("PING") } catch { throw StoreError(error) }
        if let error = reply.error { throw StoreError(error) }
    }
}

extension Duration {
    /// Whole milliseconds, rounded up.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}

/// Counts that go out with the next heartbeat. Safe from any thread.
package final class Tally: Sendable {
    private let counts = Mutex<[Counter: Int]>([:])

    func add(_ counter: Counter, _ number: Int = 1) {
        guard number > 0 else { return }
        counts.withLock { $0[counter, default: 0] += number }
    }

    var isEmpty: Bool { counts.withLock(\.isEmpty) }

    /// Takes all that was counted since the last call.
    func drain() -> [Counter: Int] {
        counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
    }

    /// Puts back what could not be written.
    func restore(_ drained: [Counter: Int]) {
        counts.withLock { $0.merge(drained, uniquingKeysWith: +) }
    }
}
