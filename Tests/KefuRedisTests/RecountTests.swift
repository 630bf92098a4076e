import KefuCore
import Testing

@testable import KefuRedis

@Suite struct RecountTests {
    @Test(arguments: ScriptCache.allCases)
    func `The records tell what was unfinished at a moment that has passed`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("A"), .example("B"), .example("C", .payment(), priority: .urgent))
        try await test.finished(try await test.held(.example("failed")), .rejected)
        try await test.accepted(.example("gone"))
        _ = try await test.store.cancel(taskID: "gone", reason: nil)
        try await test.at(10)
        var inspection = InspectTests.inspection(test.store, false)
        var (moment, recounting) = try await inspection.beginRecount()
        #expect(recounting.counts == ["normal:customer_reply": 2, "urgent:customer_payment": 1])

        // All of this comes after the moment.
        try await test.at(20)
        try await test.accepted(.example("new"), .example("gone", .payment()))
        _ = try await test.store.cancel(taskID: "A", reason: nil)
        _ = try await test.store.retry(taskID: "failed")
        _ = try await test.store.fire(taskID: "C")
        try await test.at(21)
        _ = try await test.store.sweep(capacity: 9, callbackCapacity: 0)
        let step = try await test.step { _ in try await inspection.recount(moment, into: &recounting) }
        #expect(step.changes == "")
        #expect(
            recounting.unfinished.filter { $0.value > 0 } == ["normal:customer_reply": 2, "urgent:customer_payment": 1])
        // Whether it stood there before it was issued anew, nobody knows any more.
        #expect(recounting.unsure.filter { $0.value > 0 } == ["normal:customer_payment": 1])
        #expect(recounting.excess("normal:customer_reply") == 0...0)
        #expect(recounting.excess("normal:customer_payment") == -1...0)
    }

    @Test func `Of the very millisecond only what began or ended is not known`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("A"), .example("B"))
        try await test.at(10)
        _ = try await test.store.cancel(taskID: "B", reason: nil)
        _ = try await test.store.fire(taskID: "A")
        try await test.claimed()
        try await test.accepted(.example("C"))
        var inspection = InspectTests.inspection(test.store, false)
        var (moment, recounting) = try await inspection.beginRecount()
        try await inspection.recount(moment, into: &recounting)
        #expect(recounting.unfinished == ["normal:customer_reply": 1])
        #expect(recounting.unsure == ["normal:customer_reply": 2])
        #expect(recounting.excess("normal:customer_reply") == -1...1)
        // A later look is sure.
        try await test.at(11)
        (moment, recounting) = try await inspection.beginRecount()
        try await inspection.recount(moment, into: &recounting)
        #expect(recounting.excess("normal:customer_reply") == 0...0)
    }

    @Test func `With which priority a task was counted that was changed since, nobody knows`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("A"), .example("B"))
        try await test.at(10)
        var inspection = InspectTests.inspection(test.store, false)
        var (moment, recounting) = try await inspection.beginRecount()
        _ = try await test.store.update(.init(taskID: "A", priority: .urgent))
        try await inspection.recount(moment, into: &recounting)
        for priority in ["urgent", "high", "normal"] {
            #expect(recounting.excess("\(priority):customer_reply").contains(0))
        }
        try await test.at(11)
        (moment, recounting) = try await inspection.beginRecount()
        try await inspection.recount(moment, into: &recounting)
        #expect(
            recounting.unfinished.filter { $0.value > 0 } == ["urgent:customer_reply": 1, "normal:customer_reply": 1])
        #expect(recounting.unsure.filter { $0.value > 0 } == [:])
    }

    @Test func `A pass of many pages counts each task once, whatever comes and goes at its ends`() async throws {
        let test = try await TestStore()
        for index in 0..<450 {
            try await test.at(Int64(index / 100))
            try await test.accepted(.example("T\(index)", of: "c\(index % 7)"))
        }
        try await test.at(1_000)
        var inspection = InspectTests.inspection(test.store, false)
        var (moment, recounting) = try await inspection.beginRecount()
        try await test.at(1_001)
        try await test.accepted(.example("new"))
        try await inspection.recount(moment, into: &recounting)
        #expect(recounting.unfinished == ["normal:customer_reply": 450])
        #expect(recounting.excess("normal:customer_reply") == 0...0)
        try await test.remove()
    }
}
