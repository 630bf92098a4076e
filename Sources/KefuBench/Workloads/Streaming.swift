// How fast events come over one WebSocket connection, whoever opened it. None of them fires anything.

extension Workload {
    static let streamBody = TaskText.message(TaskText.otherText, customer: TaskText.task)

    static let socket = Workload(
        name: "socket", summary: "events of customers with nothing pending over one WebSocket connection to Kefu"
    ) { (stage, effort) throws(BenchError) in
        let stream = try FrameStream(
            try Socket.connect(port: stage.instances[0].port), isClient: true, body: streamBody, reactor: stage.reactor)
        return try measure(stream, on: stage, effort)
    }

    static let connector = Workload(
        name: "connector", summary: "the same over the connection that Kefu has opened",
        setting: Stage.Setting(hasPlatform: true)
    ) { (stage, effort) throws(BenchError) in
        _ = try stage.reactor.run(until: Moment.monotonic() + 10_000_000_000) { stage.platform?.stream != nil }
        guard let stream = stage.platform?.stream else { throw BenchError("Kefu did not connect") }
        return try measure(stream, on: stage, effort)
    }

    private static func measure(
        _ stream: FrameStream, on stage: Stage, _ effort: Effort
    ) throws(BenchError) -> [Figure] {
        let (count, cost) = try stage.measure(seconds: effort.seconds) { stream.answered }
        stream.isOver = true
        let isDone = try stage.reactor.run(until: Moment.monotonic() + 5_000_000_000) { stream.isIdle }
        guard isDone else { throw BenchError("events without an answer after 5 s") }
        stream.close()
        return Figure.rate(.event, count, cost, goals: RateGoals(kefu: 20))
    }
}
