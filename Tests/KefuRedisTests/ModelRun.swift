// One random sequence of operations, on the store and on the model at once.
import Foundation
import KefuCore
import TestSupport

@testable import KefuRedis

/// SplitMix64 (Steele, Lea, Flood 2014): a seed says the whole sequence.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

struct ModelFailure: Error, CustomStringConvertible {
    var description: String
}

struct ModelRun {
    let client: RedisClient
    let keys: Keys
    let stores: [RedisTaskStore]
    var model: SchedulerModel
    var random: SeededRandom
    var trace: [String] = []
    /// All leases ever claimed: those lost since are tried as well.
    var leases: [Lease] = []
    var callbacks: [ClaimedCallback] = []
    private let seed: UInt64

    static let policies = [
        SchedulingPolicy(retention: .seconds(72 * 3600)),
        SchedulingPolicy(
            retention: .seconds(72 * 3600), calledBack: [.completed, .failed, .cancelled], eventLog: .seconds(3600)),
        SchedulingPolicy(
            retention: .seconds(72 * 3600), calledBack: [.waiting, .running, .completed, .failed, .cancelled],
            eventLog: .seconds(3600)),
    ]

    /// - Parameter client: of a database that nobody else uses; it must be empty.
    init(seed: UInt64, client: RedisClient) {
        self.seed = seed
        self.client = client
        random = SeededRandom(seed)
        let policy = Self.policies[Int(seed % 3)]
        model = SchedulerModel(policy: policy)
        let keys = Keys()
        self.keys = keys
        stores = ["i1", "i2"].map { id in
            RedisTaskStore(
                client: client, scripts: TestStore.scripts, keys: keys,
                instance: .init(id: id, host: "h1", version: "1.0", startedAtMs: TestStore.epoch), policy: policy)
        }
    }

    /// - Returns: how many calls were compared.
    mutating func run(operations: Int) async throws -> Int {
        do {
            try await pass(0)
            for step in 1...operations {
                try await operate()
                if step % 20 == 0 { try await compareKeySpace() }
            }
            try await drain()
            return trace.count
        } catch let failure as ModelFailure {
            throw ModelFailure(
                description: """
                    seed \(seed): \(failure)
                    \(trace.joined(separator: "\n"))
                    """)
        }
    }

    // MARK: Operations

    mutating func operate() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20: try await receive()
        case 20..<38: try await match()
        case 38..<44: try await cancel()
        case 44..<50: try await change()
        case 50..<55: try await claim()
        case 55..<67: try await finish()
        case 67..<71: try await renewOrRelease()
        case 71..<80: try await sweep()
        case 80..<86: try await settleCallback()
        case 86..<88: try await replay()
        case 88..<90: try await compareQueries()
        default: try await pass(step())
        }
    }

    /// From a millisecond to thirty hours, or exactly to the next moment at which something is due, or to the
    /// millisecond before.
    private mutating func step() -> Int64 {
        let next = model.moments.filter { $0 > model.now }.min().map { $0 - model.now }
        switch (Int.random(in: 0..<4, using: &random), next) {
        case (0, let next?): return next
        case (1, let next?): return max(1, next - 1)
        default: return Int64(exp(Double.random(in: 0...18.5, using: &random)))
        }
    }

    mutating func pass(_ milliseconds: Int64) async throws {
        model.now += milliseconds
        trace.append("+ \(milliseconds) ms, now \(model.now - TestStore.epoch)")
        _ = try await client.command(
            "HSET", .string(keys.prefix + "clock"), "s", .integer(model.now / 1000), "us",
            .integer(model.now % 1000 * 1000))
    }

    /// What comes with an answer is remembered, to be settled.
    mutating func note(_ work: Handout<Void>) {
        leases += work.tasks.map(\.lease)
        callbacks += work.callbacks
    }

    func token(_ claims: [ClaimedTask]) -> String { claims.first?.lease.token ?? "" }

    /// More often one that is still held than one that was lost.
    mutating func lease() -> Lease? {
        let held = leases.filter { model.isHeld($0) }
        return Int.random(in: 0..<4, using: &random) == 0
            ? leases.suffix(8).randomElement(using: &random) : held.randomElement(using: &random)
    }

    mutating func id() -> String { "T\(Int.random(in: 1...7, using: &random))" }

    mutating func store() -> RedisTaskStore { stores[Int.random(in: 0...1, using: &random)] }

    mutating func capacity() -> Int { [0, 0, 1, 2, 4].randomElement(using: &random) ?? 0 }

    /// Of three callers, or none.
    private mutating func someTrace() -> TraceParent? {
        let digit = Int.random(in: 0...3, using: &random)
        return TraceParent("00-\(String(repeating: "\(digit)", count: 32))-00f067aa0ba902b7-01")
    }

    private mutating func trigger() -> Trigger {
        let offset = [-90_000_000, -1, 0, 1, 5_000, 7_200_000].randomElement(using: &random) ?? 0
        let now = model.now - TestStore.epoch
        let triggers: [Trigger] = [
            .reply(), .reply("好"), .reply("好", exclude: ["不"]), .payment(),
            .payment(.when("sum", .greaterOrEqual, .number(10))), .custom("signed"), .time(now + Int64(offset)),
        ]
        let trigger = triggers[min(Int.random(in: 0..<triggers.count + 2, using: &random), triggers.count - 1)]
        let reach = [0, 0, 1, 60_000, 3_600_000].randomElement(using: &random) ?? 0
        return trigger.kind == .timeReach ? trigger : trigger.lookingBack(Int64(reach))
    }

    private mutating func receive() async throws {
        let (customer, content) = (Int.random(in: 1...2, using: &random), Int.random(in: 1...8, using: &random))
        let number = max(1, Int.random(in: -6...4, using: &random))
        let triggers = (0..<number).map { _ in trigger() }
        var task = NewTask.example(
            id(), of: "c\(customer)", triggers[0],
            priority: Priority.allCases.randomElement(using: &random) ?? .normal, or: Array(triggers.dropFirst()),
            timeoutMs: [1, 60_000, 3_600_000, 86_400_000].randomElement(using: &random) ?? 1,
            maxRetry: Int.random(in: 0...3, using: &random), content: "d\(content % 2)")
        task.trace = someTrace()
        let (store, capacity) = (store(), capacity())
        let handout = try await store.receive(task, capacity: capacity)
        let expected = model.receive(task, capacity: capacity, token: token(handout.tasks))
        try compare(
            """
            receive \(task.id) of \(task.customer.id), \(triggers.map(\.shown).joined(separator: " or ")), \
            timeout \(task.timeoutMs), \(task.priority), content \(content % 2)
            """,
            Answer(handout), expected)
        note(handout.work)
    }

    private mutating func match() async throws {
        let customer = "c\(Int.random(in: 1...2, using: &random))"
        let eventID = Bool.random(using: &random) ? nil : "e\(Int.random(in: 1...3, using: &random))"
        let (store, capacity) = (store(), capacity())
        var event: CustomerEvent
        let meets: (Trigger) -> Bool
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            event = .message("你好", from: customer, id: eventID)
            meets = { $0.kind == .customerReply }
        case 1:
            event = .message("不好", from: customer, id: eventID)
            meets = { $0.kind == .customerReply && $0.exclude.isEmpty }
        case 2:
            event = .message("嗯", from: customer, id: eventID)
            meets = { $0.kind == .customerReply && $0.keywords.isEmpty }
        case 3:
            event = .payment(#"{"sum":10}"#, from: customer, id: eventID).recorded
            meets = { $0.kind == .customerPayment }
        case 4:
            event = .payment(#"{"sum":9}"#, from: customer, id: eventID).recorded
            meets = { $0.kind == .customerPayment && $0.conditions.isEmpty }
        default:
            event = .custom("signed", from: customer, id: eventID)
            meets = { $0.kind == .customEvent }
        }
        let trace = someTrace()
        event.join(trace)
        let handout = try await store.match(event, capacity: capacity)
        let expected = model.match(
            customer: customer, eventID: eventID, trace: trace, capacity: capacity, token: token(handout.tasks),
            meets: meets)
        try compare("match \(event.kind) \(customer) \(eventID ?? "-")", Answer(handout), expected)
        note(handout.work)
    }

    private mutating func cancel() async throws {
        let id = id()
        let handout = try await store().cancel(taskID: id, reason: nil)
        try compare("cancel \(id)", Answer(handout), model.cancel(id))
    }

    private mutating func change() async throws {
        let id = id()
        switch Int.random(in: 0...2, using: &random) {
        case 0: try compare("fire \(id)", Answer(try await store().fire(taskID: id)), model.fire(id))
        case 1: try compare("retry \(id)", Answer(try await store().retry(taskID: id)), model.retry(id))
        default: try await update(id)
        }
    }

    private mutating func update(_ id: String) async throws {
        let timeouts = [60_000, 3_600_000, 172_800_000] as [Int64]
        var update = TaskUpdate(taskID: id, priority: Priority.allCases.randomElement(using: &random))
        if Bool.random(using: &random) {
            update.timeMs = model.now + ([-1_000, 0, 1, 5_000, 7_200_000].randomElement(using: &random) ?? 0)
        }
        if Bool.random(using: &random), let ms = timeouts.randomElement(using: &random) {
            update.timeout = .init(ms: ms, hours: "\(Double(ms) / 3_600_000)")
        }
        if Bool.random(using: &random) { update.message = "改" }
        try compare("update \(update)", Answer(try await store().update(update)), model.update(update))
    }
}
