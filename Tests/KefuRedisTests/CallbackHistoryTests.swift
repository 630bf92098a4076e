import KefuCore
import Testing

@testable import KefuRedis

/// What a task's record tells of the deliveries of its callbacks.
@Suite struct CallbackHistoryTests {
    private static let every = SchedulingPolicy(calledBack: [.waiting, .running, .completed, .failed, .cancelled])

    /// All that is due, taken by this instance.
    private func due(_ test: TestStore) async throws -> [ClaimedCallback] {
        try await test.store.sweep(capacity: 0, callbackCapacity: 9).callbacks
    }

    private func shown(_ test: TestStore) async throws -> [String] {
        try #require(try await test.store.status(taskID: "T1")).callbackAttempts.map { attempt in
            "\(attempt.status.rawValue) \(attempt.attempt) @\(attempt.atMs - TestStore.epoch) "
                + "\(attempt.httpStatus ?? 0) \(attempt.error ?? "-") \(attempt.durationMs)"
        }
    }

    @Test func `Each delivery is told with the id of its callback, whichever of the task's it is`() async throws {
        let test = try await TestStore(policy: Self.every)
        let lease = try await test.held()
        try await test.at(10)
        try await test.finished(lease, .completed)
        var ids: [TaskStatus: String] = [:]
        for claim in try await due(test) {
            ids[claim.callback.status] = claim.callback.id
            let step = try await test.step { try await $0.settleCallback(claim, outcome: .delivered) }
            #expect(step.changes.contains(" task:T1 delivered: "))
        }
        let record = try #require(try await test.store.status(taskID: "T1"))
        #expect(ids.keys.count == 3 && record.callbackAttempts.count == 3)
        for attempt in record.callbackAttempts { #expect(attempt.callbackID == ids[attempt.status]) }
    }

    @Test func `Failures and the delivery stand in the order in which they came, ten at most`() async throws {
        let test = try await TestStore()
        try await test.finished(try await test.held(), .completed)
        for number in 0..<12 {
            try await test.at(Int64(number) * 1_000)
            let claim = try #require(try await due(test).first)
            let failed = CallbackSettlement.failed(error: "E\(number) \"好\"", pause: .seconds(1))
            _ = try await test.step { try await $0.settleCallback(claim, outcome: failed) }
        }
        try await test.at(12_000)
        let last = try #require(try await due(test).first)
        _ = try await test.step { try await $0.settleCallback(last, outcome: .delivered) }
        let failures = (3..<12).map { "completed \($0 + 1) @\($0)000 500 E\($0) \"好\" 20" }
        #expect(try await shown(test) == failures + ["completed 13 @12020 200 - 20"])
        #expect(try await test.inspected() == [])
    }

    @Test func `A delivery without an answer has no HTTP status`() async throws {
        let test = try await TestStore()
        try await test.finished(try await test.held(), .completed)
        let claim = try #require(try await due(test).first)
        let silent = CallbackSettlement(.failed(error: "x", pause: .seconds(1)), duration: .milliseconds(5))
        _ = try await test.store.settleCallback(claim, outcome: silent)
        #expect(try await test.store.status(taskID: "T1")?.callbackAttempts.first?.httpStatus == nil)
        #expect(try await shown(test) == ["completed 1 @0 0 x 5"])
    }

    @Test(arguments: [CallbackSettlement.delivered, .failed(error: "x", pause: .seconds(1))])
    func aTaskThatWasIssuedAnewIsNotTold(outcome: CallbackSettlement) async throws {
        let test = try await TestStore()
        try await test.accepted(.example())
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        let claim = try #require(try await due(test).first)
        try await test.at(10)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.settleCallback(claim, outcome: outcome) }
        #expect(!step.changes.contains("task:T1") && !step.changes.contains("deliveries:"))
    }

    @Test func `One that was kept away and came again under its old generation is not told either`() async throws {
        let policy = SchedulingPolicy(retention: .seconds(60), calledBack: [.completed])
        let test = try await TestStore(policy: policy)
        try await test.finished(try await test.held(), .completed)
        let claim = try #require(try await due(test).first)
        try await test.at(60_000)
        _ = try await test.store.sweep(capacity: 0, callbackCapacity: 0)
        let orphan = try await test.step {
            try await $0.settleCallback(claim, outcome: .failed(error: "x", pause: .seconds(1)))
        }
        #expect(!orphan.changes.contains("deliveries:"))
        try await test.accepted(.example())
        try await test.at(61_000)
        let late = try #require(try await due(test).first)
        let step = try await test.step { try await $0.settleCallback(late, outcome: .delivered) }
        #expect(step.changes.contains("- callbacks <") && !step.changes.contains("task:T1"))
    }

    @Test func `Retention and a new issue take the list of failures with them`() async throws {
        let test = try await TestStore()
        for id in ["T1", "old"] {
            try await test.accepted(.example(id))
            _ = try await test.store.cancel(taskID: id, reason: nil)
        }
        for claim in try await due(test) {
            _ = try await test.store.settleCallback(claim, outcome: .failed(error: "x", pause: .seconds(1)))
        }
        let anew = try await test.step { try await $0.receive(.example("T1"), capacity: 0) }
        #expect(anew.changes.contains("- deliveries:T1 0: "))
        try await test.at(test.store.policy.retention.milliseconds)
        let swept = try await test.step { try await $0.sweep(capacity: 0, callbackCapacity: 0) }
        #expect(swept.changes.contains("- deliveries:old 0: "))
    }

    @Test func `Numbers that no script writes end no reader`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example())
        for key in [test.keys.deliveries("T1"), test.keys.attempts("T1")] {
            try await test.command(
                "RPUSH", key,
                #"{"attempt":1e30,"at":1e300,"callback_id":"c","status":"failed","error":"","duration_ms":1}"#)
        }
        try await test.command("HSET", test.keys.counts, "urgent:customer_reply", "9223372036854775807")
        let record = try #require(try await test.store.status(taskID: "T1"))
        #expect(record.failedAttempts.isEmpty && record.callbackAttempts.isEmpty)
        _ = try await test.store.stats()
    }

    @Test func `A record keeps a bounded number of deliveries, the latest`() async throws {
        let test = try await TestStore(policy: Self.every)
        var lease = try await test.held()
        for round in 1...10 {
            try await test.at(Int64(round))
            try await test.store.release([(lease, false)])
            lease = try await test.claimed()
            for claim in try await due(test) { _ = try await test.store.settleCallback(claim, outcome: .delivered) }
        }
        guard case .hash(let record)? = try await test.image()["task:T1"]?.value else { throw RESPError("no record") }
        let entries = try #require(record["delivered"]).split(separator: ",")
        #expect(entries.count > 10 && entries.count < 20)
        #expect(try await shown(test).suffix(2).sorted() == ["running 1 @30 200 - 20", "waiting 1 @30 200 - 20"])
        #expect(try await shown(test).count == 10)
    }
}
