// Whole lives: as many as it can, and how long one takes when there is room.

extension Workload {
    private static let livesAtOnce = 64
    private static let calmRate = 100
    private static let calmConnections = 32

    static let lives = Workload(
        name: "lives", summary: "accept, event, gateway, callback; \(livesAtOnce) lives at once"
    ) { (stage, seconds) throws(BenchError) in
        let course = LifeCourse(on: stage)
        course.finished = { [unowned course] (connection) throws(BenchError) in
            try course.begin(on: connection, at: Moment.monotonic())
        }
        for _ in 0..<livesAtOnce {
            try course.begin(
                on: try Connection(port: stage.port, reactor: stage.reactor), at: Moment.monotonic())
        }
        _ = try stage.reactor.run(until: Moment.monotonic() + 1_000_000_000)
        course.restartLatencies()
        let before = (course.ended, Consumption.reading(of: stage))
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(seconds) * 1_000_000_000)
        let after = (course.ended, Consumption.reading(of: stage))
        let latencies = course.latencies
        try course.drain(stage.reactor)
        return Figure.rate("lives", "live", after.0 - before.0, after.1 - before.1).map(\.ofLives)
            + Figure.percentiles("lives", "accept → callback", latencies)
    }

    /// At a fixed rate; a life that begins late counts from when it should have begun.
    static let latency = Workload(
        name: "latency", summary: "\(calmRate) lives a second"
    ) { (stage, seconds) throws(BenchError) in
        let course = LifeCourse(on: stage)
        var idle: [Connection] = []
        for _ in 0..<calmConnections { idle.append(try Connection(port: stage.port, reactor: stage.reactor)) }
        course.freed = { (connection) throws(BenchError) in idle.append(connection) }
        let interval = Int64(1_000_000_000 / calmRate)
        // The first second warms up.
        let total = (seconds + 1) * calmRate
        let began = Moment.monotonic()
        for index in 0..<total {
            let due = began + Int64(index) * interval
            _ = try stage.reactor.run(until: due)
            if index == calmRate { course.restartLatencies() }
            let inTime = try stage.reactor.run(until: due + 5_000_000_000) { !idle.isEmpty }
            guard inTime, let connection = idle.popLast() else { throw BenchError("no answer for 5 s") }
            try course.begin(on: connection, at: due)
        }
        try course.drain(stage.reactor)
        return Figure.percentiles("\(calmRate) lives/s", "accept → callback", course.latencies)
    }
}

extension Figure {
    /// The unit `live` as people read it.
    fileprivate var ofLives: Figure {
        Figure(
            workload: workload, name: name, value: value,
            unit: unit == "µs/live" ? "µs/life" : unit, atMost: atMost)
    }

    static func percentiles(
        _ workload: String, _ name: String, _ latencies: Latencies, p99AtMost: Double? = nil
    ) -> [Figure] {
        [
            Figure(workload: workload, name: "\(name), p50", value: latencies.milliseconds(percentile: 50), unit: "ms"),
            Figure(
                workload: workload, name: "\(name), p99", value: latencies.milliseconds(percentile: 99), unit: "ms",
                atMost: p99AtMost),
            Figure(workload: workload, name: "\(name), longest", value: latencies.longestMilliseconds, unit: "ms"),
        ]
    }
}
