/// Runs workloads round by round, each on a stage of its own, so that what changes on the machine meanwhile shows in
/// the spread of every figure and in no ratio of two.
struct Benchmark {
    /// The binary that is measured.
    let kefu: String
    let seconds: Int
    let rounds: Int
    let workloads: [Workload]
    /// Whether the first round does what takes most of a minute, too.
    let isThorough: Bool
    /// Where the figures go as JSON after every round.
    let path: String?
    private(set) var report: Report
    /// What could not be measured, a line each.
    private(set) var failures: [String] = []
    private(set) var written = ""

    private static let startName = "start"
    private static let readyMilliseconds = 300.0
    private static let peakMB = 150.0

    init(kefu: String, seconds: Int, rounds: Int, workloads: [Workload], isThorough: Bool, path: String?) {
        self.kefu = kefu
        self.seconds = seconds
        self.rounds = rounds
        self.workloads = workloads
        self.isThorough = isThorough
        self.path = path
        report = Report(
            machine: Machine(kefu: kefu),
            settings: Report.Settings(
                seconds: seconds, repetitions: rounds,
                workloads: Dictionary(uniqueKeysWithValues: workloads.map { ($0.name, $0.setting.environment) }),
                kefu: Stage.environment(redis: "…", gateway: 0, callbacks: 0), redis: RedisServer.settings))
    }

    /// A workload that fails is told and left out; only an interruption ends the whole.
    mutating func run() throws(BenchError) {
        for round in 0..<rounds {
            var measured: [String: [Figure]] = [:]
            var startUps: [Int64] = []
            for workload in workloads {
                Progress.note("\(round + 1)/\(rounds) \(workload.name): \(workload.summary) …")
                do throws(BenchError) {
                    let figures = try measure(workload, isThorough: isThorough && round == 0, &startUps)
                    measured[workload.name] = figures
                    report.add(figures, of: workload.name)
                    Progress.note(
                        "    " + figures.prefix(3).map { "\($0.value.shown) \($0.unit)" }.joined(separator: ", "))
                } catch {
                    try Interruption.check()
                    failures.append("\(workload.name): \(error)")
                    Progress.note("    failed: \(error)")
                }
            }
            report.add(Ratio.all.compactMap { $0.figure(in: measured) }, of: Ratio.workload)
            report.add(Self.starts(startUps), of: Self.startName)
            written = try report.write(to: path)
        }
    }

    private func measure(
        _ workload: Workload, isThorough: Bool, _ startUps: inout [Int64]
    ) throws(BenchError) -> [Figure] {
        let stage = try Stage(kefu: kefu, workload.setting)
        defer { stage.close() }
        startUps += stage.instances.map(\.startUp)
        let figures = try workload.run(stage, Workload.Effort(seconds: seconds, isThorough: isThorough))
        for instance in stage.instances { try instance.process.checkRunning() }
        return figures + [Figure("memory of kefu, peak", stage.peakMB, "MB", goal: .atMost(Self.peakMB))]
    }

    private static func starts(_ startUps: [Int64]) -> [Figure] {
        guard !startUps.isEmpty else { return [] }
        let median = Double(startUps.sorted()[startUps.count / 2]) / 1e6
        return [Figure("until healthy, median of the round", median, "ms", goal: .atMost(readyMilliseconds))]
    }
}
