import Foundation

// What the machine gives at most: the accept script and an empty one sent straight to Redis, an empty route of Kefu,
// and what other load generators reach with the latter two.

extension Workload {
    private static let streams = 8
    private static let depth = 64
    private static let callers = 64
    private static let emptyRoute = "/api/health/live"
    private static let emptyScript = "#!lua\nreturn 0"
    /// How many commands `redis-benchmark` sends, and how long it and `wrk` may take.
    private static let benchmarkCommands = 200_000
    private static let toolPatience = 60

    static let acceptCeiling = "accept script, pipelined: rate"

    static let ceiling = Workload(
        name: "ceiling", summary: "accept script and empty script straight to Redis; an empty route; wrk"
    ) { (stage, effort) throws(BenchError) in
        let emptyHash = try stage.redis.ask(#"SCRIPT LOAD "\#(emptyScript.replacing("\n", with: #"\n"#))""#)
        let empty = RequestTemplate(bytes: RESP.command(["EVALSHA", emptyHash, "0"].map { Array($0.utf8) }))
        var accept = try acceptCall(on: stage)
        var number = 0
        let nextAccept = {
            number += 1
            return accept.numbered(number)
        }
        var figures = try loop("accept script, pipelined", on: stage, effort, "accepted", next: nextAccept)
        figures += try loop("empty script, pipelined", on: stage, effort, ":0") { empty.bytes }
        figures += try loop("empty script, one at a time", on: stage, effort, ":0", streams: callers, depth: 1) {
            empty.bytes
        }
        figures.append(try redisBenchmark(emptyHash, on: stage))
        return try figures + emptyRoute(on: stage, effort)
    }

    /// What Kefu sends to Redis for the documented task, with the marks for its number and its customer's in it.
    private static func acceptCall(on stage: Stage) throws(BenchError) -> RequestTemplate {
        let watch = try CommandWatch(path: stage.server.path, reactor: stage.reactor)
        defer { stage.reactor.drop(watch) }
        var call: [[UInt8]]?
        watch.noticed = { line in
            if call == nil, line.contains(TaskText.task) { call = RESP.unquoted(line) }
        }
        let connection = try Connection(port: stage.instances[0].port, reactor: stage.reactor)
        defer { connection.close() }
        let request = RequestTemplate(path: "/api/task/receive", body: TaskText.body()).bytes
        try connection.send(request) { (status, _) throws(BenchError) in
            guard status == 200 else { throw BenchError("the task to watch: answer \(status)") }
        }
        _ = try stage.reactor.run(until: Moment.monotonic() + 5_000_000_000) { call != nil && connection.isIdle }
        guard let call else { throw BenchError("Kefu's accept was not seen in Redis") }
        return RequestTemplate(bytes: RESP.command(call))
    }

    private static func loop(
        _ name: String, on stage: Stage, _ effort: Effort, _ expected: StaticString, streams: Int = streams,
        depth: Int = depth, next: @escaping () -> [UInt8]
    ) throws(BenchError) -> [Figure] {
        var connections: [RedisStream] = []
        for _ in 0..<streams {
            connections.append(
                try RedisStream(
                    path: stage.server.path, depth: depth, expected: expected, reactor: stage.reactor, next: next))
        }
        for connection in connections { try connection.start() }
        let (count, cost) = try stage.measure(seconds: effort.seconds) { connections.reduce(0) { $0 + $1.answered } }
        for connection in connections { connection.isOver = true }
        let deadline = Moment.monotonic() + 5_000_000_000
        let isDone = try stage.reactor.run(until: deadline) { connections.allSatisfy(\.isIdle) }
        guard isDone else { throw BenchError("commands without an answer after 5 s") }
        for connection in connections { connection.close() }
        // Kefu only watches.
        return Figure.rate(.command, count, cost, of: name).filter {
            !$0.name.hasSuffix("kefu") && !$0.name.hasSuffix("both")
        }
    }

    /// `redis-benchmark` with the same connections and depth: whether our own generator is slower than it.
    private static func redisBenchmark(_ hash: String, on stage: Stage) throws(BenchError) -> Figure {
        let printed = try ChildProcess.output(
            of: try ChildProcess.find("redis-benchmark"),
            [
                "-s", stage.server.path, "-c", "\(streams)", "-P", "\(depth)", "-n", "\(benchmarkCommands)", "--csv",
                "EVALSHA", hash, "0",
            ], seconds: toolPatience)
        // "EVALSHA …","<rate>",… behind a line of headings
        let fields = printed.split(separator: "\n").last?.split(separator: "\",\"") ?? []
        guard fields.count > 1, let rate = Double(fields[1]) else {
            throw BenchError("redis-benchmark says: \(printed.suffix(500))")
        }
        return Figure("empty script, pipelined, by redis-benchmark: rate", rate, "commands/s", .higher)
    }

    /// The route by our generator, then by `wrk` with as many connections.
    private static func emptyRoute(on stage: Stage, _ effort: Effort) throws(BenchError) -> [Figure] {
        let loop = try ClosedLoop(on: stage, connections: callers, template: RequestTemplate(path: emptyRoute))
        let (count, cost) = try loop.measure(seconds: effort.seconds)
        let ended = Moment.cpuOfEndedChildren()
        let printed = try ChildProcess.output(
            of: try ChildProcess.find("wrk"),
            [
                "-t1", "-c\(callers)", "-d\(effort.seconds)s",
                "http://127.0.0.1:\(stage.instances[0].port)\(emptyRoute)",
            ], seconds: toolPatience)
        let cpu = Moment.cpuOfEndedChildren() - ended
        guard let rate = number(after: "Requests/sec:", in: printed),
            let line = printed.split(separator: "\n").first(where: { $0.contains(" requests in ") }),
            let requests = line.split(separator: " ").first.flatMap({ Double($0) })
        else { throw BenchError("wrk says: \(printed.suffix(500))") }
        let own = Double(cost.generator) / 1000 / Double(max(count, 1))
        let ofWrk = Double(cpu) / 1000 / requests
        return Figure.rate(.request, count, cost, of: "empty route") + [
            Figure("empty route, by wrk: rate", rate, "requests/s", .higher),
            Figure("empty route, by wrk: CPU of wrk", ofWrk, "µs/request", .neither),
            Figure("empty route: CPU of the load generator ÷ of wrk", own / ofWrk, "×", goal: .atMost(1)),
        ]
    }

    private static func number(after text: String, in printed: String) -> Double? {
        printed.components(separatedBy: text).dropFirst().first?.split(whereSeparator: \.isWhitespace).first
            .flatMap { Double($0) }
    }
}
