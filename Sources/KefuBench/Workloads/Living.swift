// Whole lives: as many as it can, and how long one takes when there is room.

extension Workload {
    private static let livesAtOnce = 64
    private static let calmRate = 100
    private static let calmConnections = 32

    static let lives = Workload(
        name: "lives", summary: "accept, event, gateway, callback; \(livesAtOnce) lives at once"
    ) { (stage, effort) throws(BenchError) in
        try living(on: stage, effort, goals: RateGoals(rate: .atLeast(6500), both: 220))
    }

    static let latency = Workload(
        name: "latency", summary: "\(calmRate) lives a second"
    ) { (stage, effort) throws(BenchError) in
        let course = LifeCourse(on: stage)
        try pace(course, perSecond: calmRate, seconds: effort.seconds, on: stage)
        return Figure.percentiles("accept → callback", course.latencies, goals: [50: 1.5, 99: 5])
    }

    /// As many lives as go; of tasks that wait already as long as there are some.
    static func living(
        on stage: Stage, _ effort: Effort, stored: Int? = nil, goals: RateGoals
    ) throws(BenchError) -> [Figure] {
        let course = LifeCourse(on: stage, stored: stored)
        course.finished = { [unowned course] (connection) throws(BenchError) in
            try course.begin(on: connection, at: Moment.monotonic())
        }
        for connection in try stage.connect(livesAtOnce) { try course.begin(on: connection, at: Moment.monotonic()) }
        let (count, cost) = try stage.measure(
            seconds: effort.seconds, count: { course.ended }, warm: { course.restartLatencies() })
        let latencies = course.latencies
        try course.drain(stage.reactor)
        let name = stored == nil ? "accept → callback" : "event → callback"
        return Figure.rate(.life, count, cost, goals: goals) + Figure.percentiles(name, latencies)
    }

    /// Lives at a fixed rate; one that begins late counts from when it should have begun.
    static func pace(
        _ course: LifeCourse, perSecond: Int, seconds: Int, on stage: Stage
    ) throws(BenchError) {
        var idle = try stage.connect(calmConnections)
        course.freed = { (connection) throws(BenchError) in idle.append(connection) }
        let interval = Int64(1_000_000_000 / perSecond)
        let began = Moment.monotonic()
        // The first second warms up.
        for index in 0..<((seconds + 1) * perSecond) {
            let due = began + Int64(index) * interval
            _ = try stage.reactor.run(until: due)
            if index == perSecond { course.restartLatencies() }
            let inTime = try stage.reactor.run(until: due + 5_000_000_000) { !idle.isEmpty }
            guard inTime else { throw BenchError("no answer for 5 s") }
            // By turns: Kefu closes a connection that is not used for a while.
            try course.begin(on: idle.removeFirst(), at: due)
        }
        try course.drain(stage.reactor)
    }
}
