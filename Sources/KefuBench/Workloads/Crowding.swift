// What the tasks of others cost: nothing, however many wait; and what many tasks of one customer cost.

extension Workload {
    /// How many wait altogether; the last only once, for storing them takes most of a minute.
    private static let crowds = [10_000, 100_000, 1_000_000]
    private static let pending = 20
    /// Longer than until the file is on the disk and tables that have grown are rehashed.
    private static let settleMilliseconds: Int32 = 5000
    /// How much dearer an event may become.
    private static let growth = 1.1
    private static let groupTasks = 1000
    private static let groupKeyword = #"{"type": "customer_keyword", "keyword": "第\#(TaskText.task)号"}"#

    static let crowd = Workload(
        name: "crowd", summary: "events that match nothing, without log, while ever more tasks wait", setting: .unlogged
    ) { (stage, effort) throws(BenchError) in
        var figures: [Figure] = []
        var stored = 0
        for crowd in effort.isThorough ? crowds : crowds.dropLast() {
            try fill(stage, with: stored..<crowd, perCustomer: pending)
            stored = crowd
            // What storing them has left to do goes on in the background.
            try Interruption.pause(milliseconds: settleMilliseconds)
            let part = "\(Double(crowd).shown) waiting"
            figures += try strangers(on: stage, effort, of: "\(part), nothing pending", goals: RateGoals())
            figures += try unmatched(
                on: stage, effort, of: "\(part), \(pending) pending", customers: crowd / pending, goals: RateGoals())
            let bytes = Double(try stage.redis.info("memory", "used_memory")) / Double(crowd)
            figures += [
                Figure("\(part): memory of kefu", stage.residentMB, "MB", goal: .atMost(150)),
                Figure("\(part): memory of Redis", bytes, "bytes/task"),
            ]
        }
        return figures.filter { !$0.name.hasSuffix("load generator") } + ratios(figures)
    }

    static let group = Workload(
        name: "group", summary: "messages of one customer with \(groupTasks) pending keywords that match none"
    ) { (stage, effort) throws(BenchError) in
        // So many that one customer has them all.
        try fill(stage, with: 0..<groupTasks, body: TaskText.body(trigger: groupKeyword), perCustomer: groupTasks)
        _ = try stage.redis.ask("CONFIG RESETSTAT")
        let figures = try unmatched(on: stage, effort, customers: 1, goals: RateGoals(redis: 400))
        return figures + [Figure("longest hold of Redis", try stage.redis.longestHoldMilliseconds(), "ms")]
    }

    /// What an event costs in each crowd, in units of what it costs in the smallest.
    private static func ratios(_ figures: [Figure]) -> [Figure] {
        let name = ": CPU of both"
        return ["nothing pending", "\(pending) pending"].flatMap { part in
            let costs = figures.filter { $0.name.hasSuffix("\(part)\(name)") }
            return costs.dropFirst().map { cost in
                Figure(
                    "\(cost.name) ÷ with \(Double(crowds[0]).shown)", cost.value / costs[0].value, "×",
                    goal: .atMost(growth))
            }
        }
    }
}
