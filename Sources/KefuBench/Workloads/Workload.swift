/// One measurement on a stage of its own.
struct Workload: Sendable {
    let name: String
    /// What it does, for the progress line.
    let summary: String
    var setting = Stage.Setting()
    let run: @Sendable (_ stage: Stage, _ effort: Effort) throws(BenchError) -> [Figure]

    /// How much of it is wanted.
    struct Effort {
        /// How long each loop is measured.
        let seconds: Int
        /// Whether this is the repetition that also does what takes most of a minute.
        let isThorough: Bool
    }

    /// In the order they run.
    static let all = [
        ceiling, accepts, batches, sharedAccepts, events, unloggedEvents, armedEvents, unloggedArmedEvents,
        eventBatches, unloggedEventBatches, socket, connector, crowd, group, lives, sharedLives, firing, latency,
        gateway, timed, burst, overload, memory, idle,
    ]
}

/// What a rate counts.
struct Operation {
    let one: String
    let many: String

    static let accept = Operation(one: "accept", many: "accepts")
    static let event = Operation(one: "event", many: "events")
    static let life = Operation(one: "life", many: "lives")
    static let request = Operation(one: "request", many: "requests")
    static let command = Operation(one: "command", many: "commands")
}

/// The goals of a closed loop's figures.
struct RateGoals {
    var rate: Goal?
    /// CPU µs for one operation, at most.
    var kefu: Double?
    var redis: Double?
    var both: Double?
}

extension Figure {
    /// The figures of a closed loop: rate, CPU of each process for one operation, the generator's share.
    ///
    /// - Parameter part: stands before each name where a workload has several loops.
    static func rate(
        _ operation: Operation, _ count: Int, _ cost: Consumption, of part: String? = nil,
        goals: RateGoals = RateGoals()
    ) -> [Figure] {
        let prefix = part.map { "\($0): " } ?? ""
        func each(_ name: String, _ nanoseconds: Int64, _ goal: Double?) -> Figure {
            Figure(
                prefix + name, Double(nanoseconds) / 1000 / Double(max(count, 1)), "µs/\(operation.one)",
                goal: goal.map { .atMost($0) })
        }
        let generator = 100 * Double(cost.generator) / Double(cost.elapsed)
        return [
            Figure(
                "\(prefix)rate", Double(count) / cost.seconds, "\(operation.many)/s", .higher, goal: goals.rate),
            each("CPU of kefu", cost.kefu, goals.kefu),
            each("CPU of redis-server", cost.redis, goals.redis),
            each("CPU of both", cost.kefu + cost.redis, goals.both),
            Figure("\(prefix)load generator", generator, "% of a core", .neither),
        ]
    }

    /// - Parameter goals: for a percentile, milliseconds at most.
    static func percentiles(
        _ name: String, _ latencies: Latencies, _ percentiles: [Double] = [50, 99], goals: [Double: Double] = [:]
    ) -> [Figure] {
        percentiles.map { percentile in
            Figure(
                "\(name), p\(percentile.shown)", latencies.milliseconds(percentile: percentile), "ms",
                goal: goals[percentile].map { .atMost($0) })
        } + [Figure("\(name), longest", latencies.longestMilliseconds, "ms")]
    }
}
