import Testing

@Suite struct PlanTests {
    @Test func `the same seed plans the same, another one something else`() {
        let plan = Plan(seed: 7, rounds: 60)
        #expect(plan.chapters.map(\.rounds) == Plan(seed: 7, rounds: 60).chapters.map(\.rounds))
        #expect(plan.chapters.map(\.rounds) != Plan(seed: 8, rounds: 60).chapters.map(\.rounds))
        #expect(plan.chapters.map(\.rounds.count) == [40, 20])
    }

    @Test func `a longer run begins as a shorter one with the same seed`() {
        #expect(Plan(seed: 7, rounds: 40).chapters[0].rounds == Plan(seed: 7, rounds: 80).chapters[0].rounds)
    }

    @Test func `a short run has every kind of fault, and two at a time never touch the same`() {
        for seed in 0..<50 as Range<UInt64> {
            let rounds = Plan(seed: seed, rounds: 36).chapters.flatMap(\.rounds)
            #expect(Set(rounds.joined().map(\.name)).count == 43, "seed \(seed)")
            #expect(rounds.allSatisfy { Set($0.map(\.target)).count == $0.count && !$0.isEmpty })
        }
    }
}
