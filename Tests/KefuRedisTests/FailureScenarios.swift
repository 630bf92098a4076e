// Every script in every state that it treats in its own way.
import KefuCore
import Testing

@testable import KefuRedis

struct FailureScenario: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var arrange: @Sendable (TestStore) async throws -> Void
    var act: @Sendable (TestStore) async throws -> Void

    init(
        _ name: String, _ arrange: @escaping @Sendable (TestStore) async throws -> Void = { _ in },
        act: @escaping @Sendable (TestStore) async throws -> Void
    ) {
        testDescription = name
        self.arrange = arrange
        self.act = act
    }

    static let all = fromOutside + withEventLog + fromInstances + ofCallbacks + reading + repairing

    private static let fromOutside = [
        FailureScenario("receive, armed") { _ = try await $0.store.receive(.example(), capacity: 1) },
        FailureScenario("receive, scheduled") { _ = try await $0.store.receive(.example("T1", .time(1)), capacity: 1) },
        FailureScenario("receive, fired") {
            try await $0.ready("A", "B")
        } act: {
            _ = try await $0.store.receive(.example("T1", .time(-1)), capacity: 3)
        },
        FailureScenario("receive, several triggers") {
            _ = try await $0.store.receive(
                .example("T1", .reply(), or: [.payment(), .time(1), .custom("a")]), capacity: 1)
        },
        FailureScenario("receive, anew") { test in
            try await test.finished(try await test.held(), .retry())
            _ = try await test.store.cancel(taskID: "T1", reason: nil)
        } act: {
            _ = try await $0.store.receive(.example("T1", of: "c2", .payment()), capacity: 1)
        },
        FailureScenario("match, nothing", act: { _ = try await $0.store.match(.message(id: "e1"), capacity: 1) }),
        FailureScenario("match, three tasks") {
            try await $0.ready("U")
            try await $0.accepted(.example("A"), .example("B"), .example("C", .reply("好")))
        } act: {
            _ = try await $0.store.match(.message("好", id: "e1"), capacity: 3)
        },
        FailureScenario("match, again") {
            try await $0.accepted(.example("A"))
            _ = try await $0.store.match(.message(id: "e1"), capacity: 0)
        } act: {
            _ = try await $0.store.match(.message(id: "e1"), capacity: 3)
        },
        FailureScenario("match, one of several triggers") {
            try await $0.accepted(.example("T1", .reply(), or: [.payment(), .time(1), .custom("a")]))
        } act: {
            _ = try await $0.store.match(.payment(id: "e1"), capacity: 1)
        },
        FailureScenario("cancel, several triggers") {
            try await $0.accepted(.example("T1", .time(1), or: [.payment(), .time(2), .custom("a")]))
        } act: {
            try await cancel($0)
        },
        FailureScenario("cancel, armed", { try await $0.accepted(.example()) }, act: cancel),
        FailureScenario("cancel, scheduled", { try await $0.accepted(.example("T1", .time(5))) }, act: cancel),
        FailureScenario("cancel, ready", { try await $0.ready("T1") }, act: cancel),
        FailureScenario("cancel, running", { try await $0.held() }, act: cancel),
        FailureScenario("cancel, retrying", { try await $0.finished(try await $0.held(), .retry()) }, act: cancel),
        FailureScenario("cancel, failed", { try await $0.finished(try await $0.held(), .rejected) }, act: cancel),
        FailureScenario(
            "cancel, lost",
            { test in
                try await test.held()
                try await test.at(15_000)
                _ = try await test.store.sweep(capacity: 0, callbackCapacity: 0)
            }, act: cancel),
        FailureScenario("fire, armed", { try await $0.accepted(.example()) }, act: fire),
        FailureScenario("fire, scheduled", { try await $0.accepted(.example("T1", .time(5))) }, act: fire),
        FailureScenario("update, armed", { try await $0.accepted(.example()) }) {
            let hours = TaskUpdate.Timeout(ms: 7_200_000, hours: "2")
            _ = try await $0.store.update(.init(taskID: "T1", timeout: hours, priority: .high, message: "改"))
        },
        FailureScenario("update, several triggers") {
            try await $0.accepted(.example("T1", .time(5), or: [.payment(), .time(9)]))
        } act: {
            _ = try await $0.store.update(.init(taskID: "T1", timeMs: TestStore.epoch + 7))
        },
        FailureScenario("update, fired", { try await $0.accepted(.example("T1", .time(5))) }) {
            _ = try await $0.store.update(.init(taskID: "T1", timeMs: TestStore.epoch, priority: .urgent))
        },
        FailureScenario("retry") {
            try await $0.finished(try await $0.held(), .rejected)
        } act: {
            _ = try await $0.store.retry(taskID: "T1")
        },
    ]

    /// The log is full, and its events are so large that one more pushes several out.
    private static let withEventLog = [
        FailureScenario("match, kept", keepingEvents) {
            _ = try await $0.eventsKept().match(.message(String(repeating: "好", count: 5_000), id: "e1"), capacity: 1)
        },
        FailureScenario("receive, looking back", keepingEvents) {
            _ = try await $0.eventsKept().receive(
                .example("T1", .payment(), or: [.reply("3a").lookingBack(), .time(5)]), capacity: 2)
        },
    ]

    private static let keepingEvents = { @Sendable (test: TestStore) async throws in
        try await test.ready("A")
        for number in 0..<16 {
            let text = "\(number)" + String(repeating: "a", count: 2_000)
            _ = try await test.eventsKept().match(.message(text), capacity: 0)
        }
        try await test.accepted(.example("C", .reply("好")))
    }

    private static let cancel = { @Sendable (test: TestStore) async throws in
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
    }

    private static let fire = { @Sendable (test: TestStore) async throws in
        _ = try await test.store.fire(taskID: "T1")
    }

    private static let fromInstances = [
        FailureScenario("claim") {
            try await $0.ready("A", "B")
        } act: {
            _ = try await $0.store.claim(capacity: 3)
        },
        FailureScenario("renew", holdTwo) { test in
            _ = try await test.store.renew(try await test.leases("A", "B", "none"))
        },
        FailureScenario("release", holdTwo) { test in
            let leases = try await test.leases("A", "B")
            try await test.store.release([(leases[0], false), (leases[1], true)])
        },
        finish("completed", .completed), finish("retry", .retry()), finish("rejected", .rejected),
        FailureScenario("finish, cancelled", cancelled) { try await $0.finishT1(.retry()) },
        FailureScenario("release, cancelled", cancelled) { test in
            try await test.store.release([(try await test.leases("T1")[0], false)])
        },
        FailureScenario("sweep, everything", everythingDue) {
            _ = try await $0.store.sweep(capacity: 8, callbackCapacity: 8)
        },
        FailureScenario("heartbeat") { test in
            try await test.peer("i2").store.heartbeat(running: 0)
            try await test.at(60_000)
            test.store.tally.add(.events)
        } act: {
            try await $0.store.heartbeat(running: 1)
        },
        FailureScenario("leave", { try await $0.store.heartbeat(running: 0) }, act: { try await $0.store.leave() }),
    ]

    private static let holdTwo = { @Sendable (test: TestStore) async throws -> Void in
        try await test.held(.example("A"))
        try await test.held(.example("B"))
    }

    private static let cancelled = { @Sendable (test: TestStore) async throws in
        try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
    }

    private static func finish(_ name: String, _ attempt: SettledAttempt) -> FailureScenario {
        FailureScenario("finish, \(name)") { test in
            try await test.held()
            try await test.ready("A", "B")
        } act: {
            try await $0.finishT1(attempt)
        }
    }

    /// Tasks for each queue that a sweep looks at, all due, and callbacks pending and dead.
    private static let everythingDue = { @Sendable (test: TestStore) async throws in
        let retention = test.store.policy.retention.milliseconds
        try await test.dead("old")
        try await test.at(90_000_000 + retention - 30_000)
        try await test.held(.example("lost"))
        try await test.held(.example("cancelled"))
        _ = try await test.store.cancel(taskID: "cancelled", reason: nil)
        try await test.finished(try await test.held(.example("pausing")), .retry())
        let time = 90_000_000 + retention - 10_000
        try await test.accepted(
            .example("late", timeoutMs: 1_000), .example("late time", .time(time), timeoutMs: 1),
            .example("time", .time(time)))
        try await test.at(90_000_000 + retention)
    }

    private static let ofCallbacks = [
        FailureScenario("settle_callback, delivered", finishedTask) { try await $0.settle(.delivered) },
        FailureScenario("settle_callback, released", finishedTask) { try await $0.settle(.released) },
        FailureScenario("settle_callback, failed", finishedTask) {
            try await $0.settle(.failed(error: "HTTP 500", pause: .seconds(1)))
        },
        FailureScenario("settle_callback, dead") { test in
            try await finishedTask(test)
            try await test.at(90_000_000)
        } act: {
            try await $0.settle(.failed(error: "HTTP 500", pause: .seconds(1)))
        },
        FailureScenario("replay_callbacks") {
            try await $0.dead("A", "B")
        } act: {
            _ = try await $0.store.replayCallbacks(.allDead)
        },
    ]

    /// Its callback is handed out at the present time.
    private static let finishedTask = { @Sendable (test: TestStore) async throws in
        let lease = try await test.held()
        _ = try await test.store.finish(lease, attempt: .completed, capacity: 0, callbackCapacity: 1)
    }

    private static let reading = [
        FailureScenario("status", { try await $0.held() }, act: { _ = try await $0.store.status(taskID: "T1") }),
        FailureScenario("list", { try await $0.held() }, act: { _ = try await $0.store.list(ListQuery()) }),
        FailureScenario("stats", act: { _ = try await $0.store.stats() }),
        FailureScenario("history", act: { _ = try await $0.store.history(.hour) }),
        FailureScenario("callbacks", finishedTask) { _ = try await $0.store.callbacks(CallbackQuery()) },
    ]
}

extension TestStore {
    /// An instance that keeps events, under this one's name.
    fileprivate func eventsKept() async throws -> RedisTaskStore { try await peer("i1", policy: .eventsKept).store }

    fileprivate func ready(_ ids: String...) async throws {
        for id in ids {
            try await accepted(.example(id))
            _ = try await store.fire(taskID: id)
        }
    }

    /// The present leases of tasks, from their records.
    fileprivate func leases(_ ids: String...) async throws -> [Lease] {
        let image = try await image()
        return ids.map { id in
            guard case .hash(let record)? = image["task:\(id)"]?.value else { return Lease(taskID: id, token: "-") }
            return Lease(taskID: id, token: record["owner"] ?? "-")
        }
    }

    fileprivate func finishT1(_ attempt: SettledAttempt) async throws {
        let lease = try await leases("T1")[0]
        _ = try await store.finish(lease, attempt: attempt, capacity: 2, callbackCapacity: 1)
    }

    /// Settles the only callback there is, as whoever holds it.
    fileprivate func settle(_ outcome: CallbackSettlement) async throws {
        guard case .sortedSet(let scores)? = try await image()["callbacks"]?.value, let held = scores.first else {
            throw RESPError("no callback")
        }
        let callback = Callback(
            id: held.key, taskID: "T1", status: .completed, atMs: 0, generation: 1, taskAttempts: 1, customerID: "c1")
        let claim = ClaimedCallback(callback: callback, earlierDeliveries: 0, claimedUntilMs: Int64(held.value))
        _ = try await store.settleCallback(claim, outcome: outcome)
    }
}
