import Testing

@testable import KefuBench

/// What becomes of measured numbers.
@Suite struct ReportTests {
    private static func series(_ values: [Double], _ better: Better = .lower, goal: Goal? = nil) -> Series {
        var series = Series(Figure("f", values[0], "µs", better, goal: goal), of: "w")
        for value in values.dropFirst() { series.add(value) }
        return series
    }

    @Test(
        arguments: [
            ([3], 3, "once"), ([3, 1, 2], 2, "1–3"), ([4, 1, 2, 30], 3, "1–30"), ([5, 5], 5, "5–5"),
        ] as [([Double], Double, String)])
    func `The median is the middle of what was measured`(values: [Double], median: Double, spread: String) {
        let series = Self.series(values)
        #expect(series.median == median)
        #expect(series.spread == spread)
    }

    @Test func `A goal is held against the median`() {
        #expect(Self.series([9, 10, 99], goal: .atMost(10)).verdict == "≤ 10 ✓")
        #expect(Self.series([9, 10.5, 11], goal: .atMost(10)).verdict == "≤ 10 ✗")
        #expect(Self.series([0.6, 0.7, 0.7], .higher, goal: .atLeast(0.65)).verdict == "≥ 0.65 ✓")
        #expect(Self.series([0.6], .higher, goal: .atLeast(0.65)).verdict == "≥ 0.65 ✗")
        #expect(Self.series([1]).verdict == "")
    }

    @Test func `A difference counts when the spreads do not touch`() {
        let base = Self.series([10, 11, 12])
        #expect(Comparison.verdict(base, Self.series([7, 8, 9])) == "better")
        #expect(Comparison.verdict(base, Self.series([13, 14, 15])) == "worse")
        #expect(Comparison.verdict(base, Self.series([8, 9, 10])) == "within the spread")
        #expect(Comparison.verdict(base, Self.series([7])) == "")
        #expect(Comparison.verdict(base, Self.series([13, 14, 15], .higher)) == "better")
        #expect(Comparison.verdict(base, Self.series([7, 8, 9], .neither)) == "")
    }

    @Test(
        arguments: [
            (0, "0"), (0.036, "0.04"), (1.5, "1.50"), (12.34, "12.3"), (345.6, "346"), (1000, "1,000"),
            (1_234_567, "1,234,567"), (-2.5, "-2.50"),
        ] as [(Double, String)])
    func `Numbers are shown with three digits`(number: Double, text: String) {
        #expect(number.shown == text)
    }

    @Test func `A ratio needs both of its figures`() {
        let ratio = Ratio(name: "r", of: ("a", "rate"), to: ("b", "rate"))
        let rate = Figure("rate", 6, "/s", .higher)
        #expect(ratio.figure(in: ["a": [rate], "b": [Figure("rate", 4, "/s", .higher)]])?.value == 1.5)
        #expect(ratio.figure(in: ["a": [rate]]) == nil)
        #expect(ratio.figure(in: ["a": [rate], "b": [Figure("rate", 0, "/s", .higher)]]) == nil)
    }

    @Test func `Every ratio names workloads that exist`() {
        let names = Workload.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(Ratio.all.allSatisfy { names.contains($0.of.workload) && names.contains($0.to.workload) })
    }
}
