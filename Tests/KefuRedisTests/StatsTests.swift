import KefuCore
import Testing

@Suite struct StatsTests {
    @Test(arguments: ScriptCache.allCases)
    func `An empty key space counts nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.stats() }
        #expect(step.changes == "")
        #expect(step.answer.byStatus == Dictionary(uniqueKeysWithValues: TaskStatus.allCases.map { ($0, 0) }))
        #expect(step.answer.oldestReadyMs == nil)
        #expect(step.answer.instances == [])
    }

    @Test(arguments: ScriptCache.allCases)
    func `Every queue and state is counted`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example("done")), .completed)
        try await test.finished(try await test.held(.example("failed")), .rejected)
        try await test.finished(try await test.held(.example("pausing", priority: .high)), .retry())
        try await test.held(.example("running", .time(-1), priority: .urgent))
        try await test.accepted(
            .example("armed"), .example("paid", .payment()), .example("later", .time(60_000)), .example("cancelled"))
        _ = try await test.store.cancel(taskID: "cancelled", reason: nil)
        for (offset, id, priority) in [(10, "u", Priority.urgent), (20, "n1", .normal), (30, "n2", .normal)] {
            try await test.at(Int64(offset))
            try await test.accepted(.example(id, priority: priority))
            _ = try await test.store.fire(taskID: id)
        }
        try await test.at(1_000)
        try await test.store.heartbeat(running: 2)
        let step = try await test.step { try await $0.stats() }
        let stats = step.answer
        #expect(step.changes == "")
        #expect(
            stats.byStatus == [.pending: 0, .waiting: 7, .running: 1, .completed: 1, .failed: 1, .cancelled: 1])
        #expect((stats.armed, stats.scheduled, stats.retrying, stats.running) == (2, 1, 1, 1))
        #expect(stats.ready == [.urgent: 1, .high: 0, .normal: 2])
        #expect(stats.byPriority == [.urgent: 2, .high: 1, .normal: 5])
        #expect(
            stats.byTrigger == [
                .customerReply: 5, .customerKeyword: 0, .customerPayment: 1, .customerOrder: 0, .timeReach: 2,
                .customEvent: 0,
            ])
        #expect((stats.callbacks, stats.callbacksDead) == (3, 0))
        #expect(stats.oldestReadyMs == 990)
        #expect(stats.instances.map(\.id) == ["i1"])
        #expect(stats.instances.first?.running == 2)
        #expect(stats.instances.first?.lastSeenMs == TestStore.epoch + 1_000)
        #expect(stats.lastHour[.received] == 11)
        #expect(stats.lastHour[.completed] == 1)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The oldest ready task is found in whatever priority it waits`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        for (offset, id, priority) in [(0, "n", Priority.normal), (10, "h", .high), (20, "u", .urgent)] {
            try await test.at(Int64(offset))
            try await test.accepted(.example(id, priority: priority))
            _ = try await test.store.fire(taskID: id)
        }
        try await test.at(100)
        let step = try await test.step { try await $0.stats() }
        #expect(step.answer.oldestReadyMs == 100)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The last minute slides, the last hour ends`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        func received(_ ids: ClosedRange<Int>, at offset: Int64) async throws {
            try await test.at(offset)
            for id in ids { try await test.accepted(.example("T\(id)")) }
            try await test.store.heartbeat(running: 0)
        }
        try await received(1...8, at: 0)
        try await received(9...10, at: 60_000)
        for (offset, minute, hour) in [(60_000, 10, 10), (75_000, 8, 10), (119_999, 2, 10), (120_000, 2, 10)] {
            try await test.at(Int64(offset))
            let stats = try await test.step { try await $0.stats() }.answer
            #expect((stats.lastMinute[.received], stats.lastHour[.received]) == (minute, hour), "\(offset)")
        }
        try await test.at(3_600_000)
        #expect(try await test.store.stats().lastHour[.received] == 2)
        try await test.at(3_660_000)
        #expect(try await test.store.stats().lastHour[.received] == 0)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Who asks an instance sees what it has just done`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.stats() }
        #expect(step.answer.lastMinute[.received] == 1)
    }
}
