/// A figure made of two others of the same round: what one is in units of the other.
struct Ratio {
    /// The row of the report's table that holds it.
    static let workload = "ratio"

    let name: String
    /// Workload and figure.
    let of: (workload: String, figure: String)
    let to: (workload: String, figure: String)
    var goal: Goal?

    static let all = [
        Ratio(
            name: "accept ÷ its script's ceiling", of: ("accept", "rate"), to: ("ceiling", Workload.acceptCeiling),
            goal: .atLeast(0.65)),
        Ratio(
            name: "accept in batches ÷ its script's ceiling", of: ("batch", "rate"),
            to: ("ceiling", Workload.acceptCeiling), goal: .atLeast(0.85)),
        Ratio(
            name: "accept by three instances ÷ by one", of: ("accept-three", "rate"), to: ("accept", "rate"),
            goal: .atLeast(1)),
        Ratio(
            name: "lives by three instances ÷ by one", of: ("lives-three", "rate"), to: ("lives", "rate"),
            goal: .atLeast(1)),
        Ratio(
            name: "lives in a burst ÷ lives", of: ("burst", "rate"), to: ("lives", "rate"), goal: .atLeast(1)),
    ]

    /// - Parameter round: the figures of one round by their workloads.
    /// - Returns: nil when one of the two was not measured.
    func figure(in round: [String: [Figure]]) -> Figure? {
        func value(_ place: (workload: String, figure: String)) -> Double? {
            round[place.workload]?.first { $0.name == place.figure }?.value
        }
        guard let dividend = value(of), let divisor = value(to), divisor > 0 else { return nil }
        return Figure(name, dividend / divisor, "×", .higher, goal: goal)
    }
}
