/// One figure over all repetitions.
struct Series: Codable {
    let workload: String
    let name: String
    let unit: String
    let better: Better
    let goal: Goal?
    /// In the order they were measured; never empty.
    private(set) var values: [Double]
    private(set) var median: Double
    private(set) var least: Double
    private(set) var most: Double

    init(_ figure: Figure, of workload: String) {
        self.workload = workload
        name = figure.name
        unit = figure.unit
        better = figure.better
        goal = figure.goal
        values = [figure.value]
        (median, least, most) = (figure.value, figure.value, figure.value)
    }

    mutating func add(_ value: Double) {
        values.append(value)
        let sorted = values.sorted()
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        least = min(least, value)
        most = max(most, value)
    }

    func isSame(as other: Series) -> Bool { workload == other.workload && name == other.name && unit == other.unit }

    /// Least and most; of a figure that was measured once, that it was.
    var spread: String { values.count == 1 ? "once" : "\(least.shown)–\(most.shown)" }

    /// The goal with its mark; empty without one.
    var verdict: String {
        goal.map { "\($0.text) \($0.isMet(by: median) ? "✓" : "✗")" } ?? ""
    }
}
