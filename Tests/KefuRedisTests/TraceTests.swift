import KefuCore
import Testing

@testable import KefuRedis

/// A caller's trace stays with the task, and comes back with its attempts and callbacks.
@Suite struct TraceTests {
    private static let policy = SchedulingPolicy(
        calledBack: [.waiting, .running, .completed, .failed, .cancelled], eventLog: .seconds(60))

    private func trace(_ digit: String) throws -> TraceParent {
        try #require(
            TraceParent("00-\(String(repeating: digit, count: 32))-\(String(repeating: digit, count: 16))-01"))
    }

    private func task(_ id: String, _ trace: TraceParent?, on trigger: Trigger = .reply()) -> NewTask {
        var task = NewTask.example(id, trigger, timeoutMs: 600_000)
        task.trace = trace
        return task
    }

    private func said(_ trace: TraceParent?, _ id: String? = nil) -> CustomerEvent {
        var event = CustomerEvent.message(id: id)
        event.join(trace)
        return event
    }

    @Test(arguments: ScriptCache.allCases)
    func `without one nothing is stored, with one a field of the record`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let plain = try await test.step { try await $0.receive(task("T1", nil), capacity: 0) }
        #expect(!plain.changes.contains("traceparent"))
        let traced = try await test.step { try await $0.receive(task("T2", trace("a")), capacity: 0) }
        let lines = traced.changes.split(separator: "\n").filter { $0.contains("traceparent") }
        #expect(lines == ["+ task:T2 traceparent: \(try trace("a"))"])
        #expect(try await test.store.status(taskID: "T2")?.trace == trace("a"))
        #expect(try await test.store.status(taskID: "T1")?.trace == nil)
    }

    @Test func `an attempt belongs to the event's trace when it had one, else to the task's`() async throws {
        let test = try await TestStore()
        for (task, event, expected) in [
            (try trace("a"), try trace("b"), try trace("b")), (try trace("a"), nil, try trace("a")),
            (nil, try trace("b"), try trace("b")), (nil, nil, nil),
        ] as [(TraceParent?, TraceParent?, TraceParent?)] {
            let id = "T\(task?.traceID.first.map(String.init) ?? "-")\(event?.traceID.first.map(String.init) ?? "-")"
            try await test.accepted(self.task(id, task))
            let handout = try await test.store.match(said(event), capacity: 4)
            #expect(handout.tasks.map(\.trace) == [expected])
            try await test.finished(try #require(handout.tasks.first).lease, .completed)
        }
    }

    @Test func `a time and a person have no trace of their own`() async throws {
        let test = try await TestStore()
        try await test.accepted(task("T1", try trace("a"), on: .time(1_000)), task("T2", try trace("c")))
        _ = try await test.store.fire(taskID: "T2")
        try await test.at(1_000)
        let swept = try await test.store.sweep(capacity: 4, callbackCapacity: 0)
        let traces = swept.tasks.map { "\($0.lease.taskID) \($0.trace?.text ?? "-")" }
        #expect(traces.sorted() == ["T1 \(try trace("a"))", "T2 \(try trace("c"))"])
    }

    @Test(arguments: ScriptCache.allCases)
    func `it survives acceptance that fires, a retry, a lost lease, another instance and a retry by hand`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache, policy: Self.policy)
        let other = try await test.peer("i2", policy: Self.policy)
        _ = try await test.store.match(said(try trace("b")), capacity: 0)
        let first = try await test.store.receive(
            task("T1", try trace("a"), on: .reply().lookingBack()), capacity: 4)
        #expect(first.tasks.map(\.trace) == [try trace("b")])
        try await test.finished(try #require(first.tasks.first).lease, .retry(.seconds(1)))
        try await test.at(1_000)
        let second = try await other.store.sweep(capacity: 4, callbackCapacity: 0)
        #expect(second.tasks.map(\.trace) == [try trace("b")])
        try await test.at(60_000)
        let third = try await test.store.sweep(capacity: 4, callbackCapacity: 0)
        #expect(third.outcome.reclaimed == ["T1"])
        #expect(third.outcome.traces == ["T1": try trace("a")])
        #expect(third.tasks.map(\.trace) == [try trace("b")])
        try await test.finished(try #require(third.tasks.first).lease, .rejected)
        _ = try await other.store.retry(taskID: "T1")
        #expect(try await other.store.claim(capacity: 1).tasks.map(\.trace) == [try trace("b")])
    }

    @Test func `every callback has the task's own, also after a failed delivery and a replay`() async throws {
        let test = try await TestStore(policy: Self.policy)
        try await test.accepted(task("T1", try trace("a")), task("T2", nil))
        _ = try await test.store.match(said(try trace("b")), capacity: 0)
        let work = try await test.store.claim(capacity: 2)
        for claim in work.tasks {
            let done = try await test.store.finish(
                claim.lease, attempt: .completed, capacity: 0, callbackCapacity: 1)
            #expect(done.callbacks.map(\.callback.trace) == [claim.lease.taskID == "T1" ? try trace("a") : nil])
        }
        let due = try await test.store.sweep(capacity: 0, callbackCapacity: 64).callbacks
        #expect(due.count == 4)
        for claim in due {
            #expect(claim.callback.trace == (claim.callback.taskID == "T1" ? try trace("a") : nil))
            _ = try await test.store.settleCallback(claim, outcome: .failed(error: "x", pause: .seconds(1)))
        }
        _ = try await test.store.replayCallbacks(.task("T1"))
        let again = try await test.store.sweep(capacity: 0, callbackCapacity: 64).callbacks
        #expect(again.count >= 3)
        #expect(Set(again.map(\.callback.trace)) == [try trace("a")])
    }

    @Test func `a task that times out tells its trace to who logs it, and to its callback`() async throws {
        let test = try await TestStore()
        try await test.accepted(task("T1", try trace("a")), task("T2", nil))
        try await test.at(600_000)
        let swept = try await test.store.sweep(capacity: 0, callbackCapacity: 4)
        #expect(swept.outcome.timedOut.sorted() == ["T1", "T2"])
        #expect(swept.outcome.traces == ["T1": try trace("a")])
        #expect(Set(swept.callbacks.map(\.callback.trace)) == [try trace("a"), nil])
    }

    @Test func `it is no part of the content, and a task that is issued anew has that of the new request`() async throws
    {
        let test = try await TestStore()
        try await test.accepted(task("T1", try trace("a")))
        let repeated = try await test.step { try await $0.receive(task("T1", try trace("b")), capacity: 0) }
        #expect(repeated.answer.outcome == .duplicate(status: .waiting))
        #expect(repeated.changes == "")
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        try await test.accepted(task("T1", nil))
        #expect(try await test.store.status(taskID: "T1")?.trace == nil)
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        try await test.accepted(task("T1", try trace("c")))
        #expect(try await test.store.status(taskID: "T1")?.trace == trace("c"))
    }

    @Test func `one that somebody has spoilt by hand goes nowhere`() async throws {
        let test = try await TestStore()
        try await test.accepted(task("T1", try trace("a")))
        try await test.command("HSET", test.keys.task("T1"), "traceparent", "x\r\nHost: y")
        #expect(try await test.store.match(said(nil), capacity: 1).tasks.map(\.trace) == [nil])
    }
}
