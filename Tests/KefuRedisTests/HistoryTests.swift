import KefuCore
import Testing

@Suite struct HistoryTests {
    private static let minute: Int64 = 60_000

    /// Accepts so many tasks at an offset, and writes the counters.
    private func received(_ number: Int, at offset: Int64, _ test: TestStore) async throws {
        try await test.at(offset)
        for index in 0..<number { try await test.accepted(.example("T\(offset) \(index)")) }
        try await test.store.heartbeat(running: 0)
    }

    @Test(arguments: ScriptCache.allCases)
    func `An hour is sixty minutes, the last one running`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await received(2, at: 0, test)
        try await received(3, at: 59_999, test)
        try await received(1, at: 61_000, test)
        try await test.at(59 * Self.minute + 59_999)
        let step = try await test.step { try await $0.history(.hour) }
        #expect(step.changes == "")
        #expect(step.answer.span == .hour)
        #expect(step.answer.points.map(\.atMs) == (0..<60).map { TestStore.epoch + $0 * Self.minute })
        #expect(step.answer.points.map { $0.counts[.received] } == [5, 1] + Array(repeating: 0, count: 58))
        #expect(step.answer.points[0].counts.count == Counter.allCases.count)
        // A minute later the first one has gone.
        try await test.at(60 * Self.minute)
        let next = try await test.store.history(.hour)
        #expect(next.points.map { $0.counts[.received] } == [1] + Array(repeating: 0, count: 59))
    }

    @Test(arguments: ScriptCache.allCases)
    func `A day is quarters of an hour, whichever calls they were read by`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        // The tests' clock begins on a full hour.
        for quarter in [0, 7, 8, 50, 95] as [Int64] {
            try await received(1, at: quarter * 15 * Self.minute, test)
            try await received(1, at: (quarter * 15 + 14) * Self.minute, test)
        }
        let step = try await test.step { try await $0.history(.day) }
        #expect(step.changes == "")
        #expect(step.answer.points.map(\.atMs) == (0..<96).map { TestStore.epoch + $0 * 15 * Self.minute })
        let filled = step.answer.points.indices.filter { step.answer.points[$0].counts[.received] == 2 }
        #expect(filled == [0, 7, 8, 50, 95])
        #expect(step.answer.points.compactMap { $0.counts[.received] }.reduce(0, +) == 10)
    }

    @Test func `What this instance has just done is there`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example())
        #expect(try await test.store.history(.hour).points.last?.counts[.received] == 1)
        #expect(try await test.store.history(.day).points.last?.counts[.received] == 1)
    }
}
