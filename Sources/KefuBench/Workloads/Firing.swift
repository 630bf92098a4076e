// Tasks that wait already and are fired: as many as go, with how much delay, and all at once.

extension Workload {
    /// More than fire in a second.
    private static let storedPerSecond = 20_000
    private static let waitingTasks = 100_000
    private static let calmRate = 200
    /// Enough for a percentile of a thousand.
    private static let calmSeconds = 10
    private static let burstTasks = 50_000
    /// Time to post them all, seconds.
    private static let burstLead = 10
    private static let burstPatience = 60

    static let firing = Workload(
        name: "firing", summary: "events that fire a waiting task each, to the callback"
    ) { (stage, effort) throws(BenchError) in
        let stored = storedPerSecond * (effort.seconds + 1)
        try fill(stage, with: 0..<stored, perCustomer: 1)
        return try living(on: stage, effort, stored: stored, goals: RateGoals())
    }

    static let gateway = Workload(
        name: "gateway", summary: "\(calmRate) events a second that fire while \(waitingTasks) tasks wait"
    ) { (stage, _) throws(BenchError) in
        try fill(stage, with: 0..<waitingTasks, perCustomer: 1)
        let course = LifeCourse(on: stage, stored: waitingTasks)
        try pace(course, perSecond: calmRate, seconds: calmSeconds, on: stage)
        return Figure.percentiles(
            "event → gateway request", course.gatewayLatencies, [50, 99, 99.9], goals: [99: 3])
    }

    static let burst = Workload(
        name: "burst", summary: "\(burstTasks) tasks for the same moment, to the callback"
    ) { (stage, _) throws(BenchError) in
        let due = Moment.wall() / 1_000_000 + Int64(burstLead) * 1000
        var (early, requests, callbacks) = (0, 0, 0)
        var (lastRequest, lastCallback) = (Int64(0), Int64(0))
        stage.gateway.received = { (_, _) throws(BenchError) in
            lastRequest = Moment.wall()
            if lastRequest < due * 1_000_000 { early += 1 }
            requests += 1
        }
        stage.callbacks.received = { (_, _) throws(BenchError) in callbacks += 1 }
        try post(Array(repeating: due, count: burstTasks), on: stage)
        _ = try stage.redis.ask("CONFIG RESETSTAT")
        let wait = due * 1_000_000 - Moment.wall()
        guard wait > 0 else { throw BenchError("posting took longer than \(burstLead) s") }
        _ = try stage.reactor.run(until: Moment.monotonic() + wait)
        let before = Consumption.reading(of: stage)
        let deadline = Moment.monotonic() + Int64(burstPatience) * 1_000_000_000
        guard try stage.reactor.run(until: deadline, isDone: { callbacks == burstTasks }) else {
            throw BenchError("\(burstTasks - callbacks) of \(burstTasks) tasks have no callback")
        }
        let cost = Consumption.reading(of: stage) - before
        return Figure.rate(.life, burstTasks, cost) + [
            Figure("from due to the last request to the gateway", seconds(from: due, to: lastRequest), "s"),
            Figure("fired early", Double(early), "tasks", goal: .atMost(0)),
            Figure("sent twice", Double(requests - burstTasks), "tasks", goal: .atMost(0)),
            Figure(
                "longest hold of Redis", try stage.redis.longestHoldMilliseconds(), "ms", goal: .atMost(10)),
        ]
    }

    private static func seconds(from ms: Int64, to nanoseconds: Int64) -> Double {
        Double(nanoseconds - ms * 1_000_000) / 1e9
    }
}
