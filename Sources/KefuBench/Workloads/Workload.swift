/// One measurement on a stage of its own.
struct Workload: Sendable {
    let name: String
    /// What it does, for the progress line.
    let summary: String
    /// Whether Kefu is given a platform to connect to.
    var needsPlatform = false
    let run: @Sendable (_ stage: Stage, _ seconds: Int) throws(BenchError) -> [Figure]

    /// In the order they run.
    static let all = [
        accepts, batches, events, armedEvents, socket, connector, lives, latency, timed, overload, waiting, idle,
    ]
}

extension Figure {
    /// The figures of a closed loop: rate, CPU of each process for one operation, the generator's share.
    ///
    /// - Parameter kefuAtMost: the goal for Kefu's CPU µs.
    static func rate(
        _ workload: String, _ unit: String, _ operations: Int, _ cost: Consumption, kefuAtMost: Double? = nil
    ) -> [Figure] {
        func each(_ nanoseconds: Int64) -> Double { Double(nanoseconds) / 1000 / Double(max(operations, 1)) }
        return [
            Figure(workload: workload, name: "rate", value: Double(operations) / cost.seconds, unit: "\(unit)s/s"),
            Figure(
                workload: workload, name: "CPU of kefu", value: each(cost.kefu), unit: "µs/\(unit)",
                atMost: kefuAtMost),
            Figure(workload: workload, name: "CPU of redis-server", value: each(cost.redis), unit: "µs/\(unit)"),
            Figure(
                workload: workload, name: "load generator",
                value: 100 * Double(cost.generator) / Double(cost.elapsed), unit: "% of a core"),
        ]
    }
}
