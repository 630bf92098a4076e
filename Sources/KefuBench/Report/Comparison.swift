/// Two runs figure by figure: how the medians relate, and whether the difference stands out of the spread.
struct Comparison {
    let base: Report
    let now: Report

    var markdown: String {
        var lines = [
            "base: \(base.machine.text); \(base.at)", "now: \(now.machine.text); \(now.at)", "",
            "| workload | figure | unit | better | base | now | now ÷ base | min–max | |",
            "|---|---|---|---|--:|--:|--:|--:|---|",
        ]
        for series in now.figures {
            guard let earlier = base.figures.first(where: series.isSame) else { continue }
            lines.append("| \(Self.cells(earlier, series).joined(separator: " | ")) |")
        }
        let added = now.figures.count { series in !base.figures.contains(where: series.isSame) }
        let gone = base.figures.count { series in !now.figures.contains(where: series.isSame) }
        if added + gone > 0 { lines += ["", "Not compared: \(added) figures are new, \(gone) only in the base."] }
        return lines.joined(separator: "\n")
    }

    private static func cells(_ base: Series, _ now: Series) -> [String] {
        [
            now.workload, now.name, now.unit, now.better == .neither ? "" : now.better.rawValue,
            "\(base.median.shown) (\(base.spread))", "\(now.median.shown) (\(now.spread))",
            ratio(now.median, base.median), "\(ratio(now.least, base.most))–\(ratio(now.most, base.least))",
            verdict(base, now),
        ]
    }

    private static func ratio(_ now: Double, _ base: Double) -> String {
        base == 0 ? (now == 0 ? "1" : "∞") : (now / base).shown
    }

    /// A change is one when the two spreads do not touch; figures that were measured once have none.
    static func verdict(_ base: Series, _ now: Series) -> String {
        guard now.better != .neither, now.values.count > 1, base.values.count > 1 else { return "" }
        if now.most < base.least { return now.better == .lower ? "better" : "worse" }
        if now.least > base.most { return now.better == .higher ? "better" : "worse" }
        return "within the spread"
    }
}
