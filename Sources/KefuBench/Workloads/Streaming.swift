// How fast events come over one WebSocket connection, whoever opened it. None of them fires anything.

extension Workload {
    static let streamBody = TaskText.message("请问什么时候发货", customer: TaskText.task)

    static let socket = Workload(
        name: "socket", summary: "events of customers with nothing pending over one WebSocket connection to Kefu"
    ) { (stage, seconds) throws(BenchError) in
        let stream = try FrameStream(
            try Socket.connect(port: stage.port), isClient: true, body: streamBody, reactor: stage.reactor)
        return try measure(stream, "socket, platform connects", on: stage, seconds)
    }

    static let connector = Workload(
        name: "connector", summary: "the same over the connection that Kefu has opened", needsPlatform: true
    ) { (stage, seconds) throws(BenchError) in
        _ = try stage.reactor.run(until: Moment.monotonic() + 10_000_000_000) { stage.platform?.stream != nil }
        guard let stream = stage.platform?.stream else { throw BenchError("Kefu did not connect") }
        return try measure(stream, "socket, Kefu connects", on: stage, seconds)
    }

    private static func measure(
        _ stream: FrameStream, _ name: String, on stage: Stage, _ seconds: Int
    ) throws(BenchError) -> [Figure] {
        _ = try stage.reactor.run(until: Moment.monotonic() + 1_000_000_000)
        let before = (stream.answered, Consumption.reading(of: stage))
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(seconds) * 1_000_000_000)
        let after = (stream.answered, Consumption.reading(of: stage))
        stream.isOver = true
        let isDone = try stage.reactor.run(until: Moment.monotonic() + 5_000_000_000) { stream.isIdle }
        guard isDone else { throw BenchError("events without an answer after 5 s") }
        stream.close()
        return Figure.rate(name, "event", after.0 - before.0, after.1 - before.1, kefuAtMost: 20)
    }
}
