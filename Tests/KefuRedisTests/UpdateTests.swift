import Foundation
import KefuCore
import Testing

@testable import KefuRedis

@Suite struct UpdateTests {
    @Test(arguments: ScriptCache.allCases)
    func `A new time moves the deadline with it`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(60_000)))
        try await test.at(10)
        let step = try await test.step { try await $0.update(.init(taskID: "T1", timeMs: TestStore.epoch + 5_000)) }
        #expect(step.answer.nextDueInMs == 4_990)
        #expect(
            step.changes == """
                + changes 2: T1 waiting updated @10 c1 1
                ~ scheduled T1: @60000 → @5000
                ~ task:T1 deadline_at: @3660000 → @3605000
                ~ task:T1 trigger_time: @60000 → @5000
                + task:T1 updated_at: @10
                ~ timeouts T1: @3660000 → @3605000
                """)
        let record = try #require(step.answer.outcome.record)
        #expect(record == (try await test.store.status(taskID: "T1")))
        #expect(record.triggerTimeMs == TestStore.epoch + 5_000)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A time that has passed fires at once, with the new priority`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(60_000)))
        try await test.at(10)
        let update = TaskUpdate(taskID: "T1", timeMs: TestStore.epoch - 1, priority: .urgent)
        let step = try await test.step { try await $0.update(update) }
        #expect(step.answer.hasBacklog && step.answer.nextDueInMs == nil)
        #expect(
            step.changes == """
                + changes 2: T1 waiting updated @10 c1 1
                + changes 3: T1 waiting triggered @10 c1 1
                ~ counts normal:time_reach: 1 → 0
                + counts urgent:time_reach: 1
                + ready T1: urgent @10
                - scheduled T1: @60000
                ~ task:T1 deadline_at: @3660000 → @3600010
                ~ task:T1 priority: normal → urgent
                + task:T1 trigger_event: {"at":@10,"type":"time_reach"}
                ~ task:T1 trigger_time: @60000 → @-1
                + task:T1 triggered_at: @10
                + task:T1 updated_at: @10
                - timeouts T1: @3660000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Priority, message and hours change what they name and nothing else`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        try await test.at(10)
        let update = TaskUpdate(
            taskID: "T1", timeout: .init(ms: 7_200_000, hours: "2"), priority: .high, message: "改")
        let step = try await test.step { try await $0.update(update) }
        #expect(step.answer.nextDueInMs == 7_199_990)
        #expect(
            step.changes == """
                + changes 2: T1 waiting updated @10 c1 1
                + counts high:customer_reply: 1
                ~ counts normal:customer_reply: 1 → 0
                ~ task:T1 action_message: 谢谢 → 改
                ~ task:T1 deadline_at: @3600000 → @7200000
                ~ task:T1 priority: normal → high
                ~ task:T1 timeout_hours: 1 → 2
                + task:T1 updated_at: @10
                ~ timeouts T1: @3600000 → @7200000
                """)
        #expect(step.answer.outcome.record?.action.message == "改")
        let same = try await test.step { try await $0.update(.init(taskID: "T1", priority: .high)) }
        #expect(same.answer.nextDueInMs == nil)
        #expect(same.changes == "+ changes 3: T1 waiting updated @10 c1 1")
    }

    @Test func `Every time among several triggers is moved, and nothing that only looks like one`() async throws {
        let test = try await TestStore()
        var order = Trigger.order(
            .when("type", .equal, .string("time_reach")), .when("time", .equal, .number(5)))
        order.whereJSON = #"{"type":"time_reach","time":5}"#
        let text = #"[{"type":"time_reach","time":5}]"#
        try await test.accepted(
            .example("T1", order, or: [.time(90_000), .reply(text), .time(60_000), .custom("a")], timeoutMs: 1_000))
        let before = try #require(try await test.store.status(taskID: "T1")?.triggersJSON)
        let moved = TestStore.epoch + 70_000
        let step = try await test.step { try await $0.update(.init(taskID: "T1", timeMs: moved)) }
        let after = before.replacing("\(TestStore.epoch + 90_000)", with: "\(moved)")
            .replacing("\(TestStore.epoch + 60_000)", with: "\(moved)")
        #expect(after != before && step.answer.outcome.record?.triggersJSON == after)
        #expect(step.changes.contains("~ scheduled T1: @60000 → @70000\n"))
        #expect(step.changes.contains("~ timeouts T1: @91000 → @71000"))
        #expect(!step.changes.contains("trigger_time"))
        // What it listens to besides still fires it, and the rest is disarmed.
        let fired = try await test.step { try await $0.match(.custom("a"), capacity: 0) }
        #expect(fired.answer.outcome.matched == ["T1"])
        #expect(fired.changes.contains("- scheduled T1: @70000"))
    }

    @Test func `Hours alone count from the latest time, without one from acceptance`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("T1", .time(60_000), or: [.time(90_000)]), .example("T2"))
        try await test.at(50_000)
        let hours = TaskUpdate.Timeout(ms: 120_000, hours: "0.03333333333333333")
        for (id, deadline) in [("T1", 210_000), ("T2", 120_000)] {
            _ = try await test.step { try await $0.update(.init(taskID: id, timeout: hours)) }
            #expect(try await test.field("deadline_at", of: id) == "@\(deadline)")
        }
        // From then on a new time counts with them.
        _ = try await test.step { try await $0.update(.init(taskID: "T1", timeMs: TestStore.epoch + 100_000)) }
        #expect(try await test.field("deadline_at", of: "T1") == "@220000")
    }

    @Test func `What cannot be is refused and changes nothing`() async throws {
        let test = try await TestStore()
        var file = NewTask.example("file")
        file.action = Action(kind: .sendFile, fileURL: "https://u.example/1")
        try await test.accepted(.example(), file, .example("fired"), .example("gone"))
        _ = try await test.store.cancel(taskID: "gone", reason: nil)
        try await test.held(.example("held"))
        _ = try await test.store.fire(taskID: "fired")
        try await test.at(60_000)
        let refused: [(TaskUpdate, UpdateOutcome)] = [
            (.init(taskID: "T1", timeMs: TestStore.epoch + 90_000, priority: .high), .untimed),
            (.init(taskID: "T1", timeout: .init(ms: 60_000, hours: "0.016")), .late),
            (.init(taskID: "T1", priority: .high, message: ""), .textless),
            (.init(taskID: "fired", priority: .high), .conflict(status: .waiting)),
            (.init(taskID: "held", message: "改"), .conflict(status: .running)),
            (.init(taskID: "gone", timeMs: TestStore.epoch), .conflict(status: .cancelled)),
            (.init(taskID: "unknown", priority: .high), .missing),
        ]
        for (update, outcome) in refused {
            let step = try await test.step { try await $0.update(update) }
            #expect(step.answer.outcome == outcome)
            #expect(step.changes == "")
        }
        let emptied = try await test.step { try await $0.update(.init(taskID: "file", message: "")) }
        #expect(emptied.answer.outcome.record?.action.message == "")
    }

    @Test func `The task as it was first sent is still the same task`() async throws {
        let test = try await TestStore()
        let task = NewTask.example()
        try await test.accepted(task)
        _ = try await test.store.update(.init(taskID: "T1", priority: .urgent, message: "改"))
        let again = try await test.step { try await $0.receive(task, capacity: 0) }
        #expect(again.answer.outcome == .duplicate(status: .waiting))
        #expect(again.changes == "")
        #expect(try await test.inspected() == [])
    }

    @Test func `A rescued task outlives its old deadline`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("T1", timeoutMs: 60_000))
        try await test.at(60_000)
        // Due, but not swept yet.
        _ = try await test.store.update(.init(taskID: "T1", timeout: .init(ms: 120_000, hours: "0.0333")))
        let early = try await test.step { try await $0.sweep(capacity: 0, callbackCapacity: 0) }
        #expect(early.answer.outcome.timedOut == [] && early.answer.nextDueInMs == 60_000)
        try await test.at(120_000)
        #expect(try await test.store.sweep(capacity: 0, callbackCapacity: 0).outcome.timedOut == ["T1"])
    }
}

extension UpdateOutcome {
    /// The task as the change left it.
    var record: TaskRecord? { if case .updated(let record) = self { record } else { nil } }
}
