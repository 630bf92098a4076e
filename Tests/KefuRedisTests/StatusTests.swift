import KefuCore
import Testing

@Suite struct StatusTests {
    @Test(arguments: ScriptCache.allCases)
    func `A record is read back as it was sent, with all that has happened to it`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var trigger = Trigger.reply("好的", "收到", match: .all, exclude: ["不"])
        trigger.keyword = "嗯"
        var task = NewTask.example("T1", of: "c:1", trigger, priority: .high, maxRetry: 2)
        task.customer.name = "王小明"
        task.createdBy = "ops"
        task.action = Action(kind: .sendLink, message: "看", fileURL: nil, url: "https://u.example/2")
        let lease = try await test.held(task)
        try await test.at(500)
        try await test.finished(lease, .retry(.seconds(2)))
        let step = try await test.step { try await $0.status(taskID: "T1") }
        #expect(step.changes == "")
        let record = try #require(step.answer)
        #expect(record.customer == task.customer)
        #expect(record.type == "greeting")
        #expect(record.status == .waiting)
        #expect(record.triggerKind == .customerReply)
        #expect(record.triggerKeyword == "嗯")
        #expect(record.triggerKeywordsJSON == #"["好的","收到"]"#)
        #expect(record.triggerMatch == "all")
        #expect(record.triggerExcludeJSON == #"["不"]"#)
        #expect(record.action == task.action)
        #expect(record.priority == .high)
        #expect(record.timeoutHours == "1")
        #expect((record.maxRetry, record.retryCount, record.attempts, record.generation) == (2, 1, 1, 1))
        #expect(record.createdAtMs == TestStore.epoch)
        #expect(record.createdBy == "ops")
        #expect(record.deadlineAtMs == TestStore.epoch + 3_600_000)
        #expect(record.triggeredAtMs == TestStore.epoch)
        #expect(record.nextAttemptAtMs == TestStore.epoch + 2_500)
        #expect(record.completedAtMs == nil)
        #expect(record.triggerEventJSON == #"{"at":1800000000000,"type":"manual"}"#)
        #expect((record.errorCode, record.errorMessage) == ("gateway_error", "HTTP 503"))
        #expect((record.owner, record.cancelRequested) == (nil, false))
        #expect(record.timeline.map(\.status) == [.waiting, .running, .waiting])
        #expect(record.timeline.map { $0.atMs - TestStore.epoch } == [0, 0, 500])
    }

    @Test(arguments: ScriptCache.allCases)
    func `A running task shows its holder and a cancel that was asked for`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held(.example("T1", .time(-1)))
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        let step = try await test.step { try await $0.status(taskID: "T1") }
        let record = try #require(step.answer)
        #expect(record.owner == lease.token)
        #expect(record.cancelRequested)
        #expect(record.cancelReason == "不用了")
        #expect(record.triggerTimeMs == TestStore.epoch - 1)
    }

    @Test(arguments: ScriptCache.allCases)
    func `There is no record of an unknown id`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.status(taskID: "T1") }
        #expect(step.answer == nil)
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A long timeline loses its oldest entries`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        for round in 1...120 {
            let record = try #require(try await test.store.status(taskID: "T1"))
            let lease = Lease(taskID: "T1", token: try #require(record.owner))
            try await test.at(Int64(round))
            try await test.store.release([(lease, false)])
            try await test.claimed()
        }
        let timeline = try #require(try await test.store.status(taskID: "T1")).timeline
        #expect((80...121).contains(timeline.count))
        #expect(timeline.last?.atMs == TestStore.epoch + 120)
        #expect(timeline.map(\.atMs) == timeline.map(\.atMs).sorted())
    }
}
