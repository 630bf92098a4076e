// What is left of the rate when four times as much is asked for: first as much as goes, then requests at fixed moments
// four times as dense, whether or not the earlier ones are answered.

extension Workload {
    /// Callers in the second stretch; beyond them a due request waits for a free connection.
    private static let callers = 2000
    private static let excess = 4.0
    /// Share of the first stretch's rate that must be left, %.
    private static let leastGoodput = 90.0

    static let overload = Workload(
        name: "overload", summary: "\(Int(excess)) × the rate that goes, over up to \(callers) connections"
    ) { (stage, effort) throws(BenchError) in
        let template = RequestTemplate(path: "/api/task/receive", body: TaskText.body())
        let loop = try ClosedLoop(on: stage, connections: 64, template: template)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        let capacity = Double(answers) / cost.seconds
        let load = try OpenLoop(on: stage, callers: callers, template: template, first: loop.answered)
        try load.run(perSecond: capacity * excess, seconds: effort.seconds)
        let stored = try stage.taskCount()
        let acknowledged = loop.answered + load.accepted
        // What was refused because its answer was lost may be stored as well.
        guard (acknowledged...acknowledged + load.refused).contains(stored) else {
            throw BenchError("\(acknowledged) tasks were acknowledged, \(stored) are stored")
        }
        return [
            Figure("capacity", capacity, "accepts/s", .higher),
            Figure("asked for", Double(load.sent) / load.seconds, "requests/s", .neither),
            Figure("goodput", Double(load.accepted) / load.seconds, "accepts/s", .higher),
            Figure(
                "goodput of capacity", load.goodput(of: capacity), "%", .higher, goal: .atLeast(leastGoodput)),
            Figure("refused with 429 or 503", Double(load.refused) / load.seconds, "requests/s", .neither),
            Figure("p99 of the accepted", load.latencies.milliseconds(percentile: 99), "ms"),
        ]
    }
}

/// Sends requests when they are due, each on whichever connection is free.
private final class OpenLoop {
    private let stage: Stage
    private var template: RequestTemplate
    private var idle: [Connection] = []
    private var connections: [Connection] = []
    private var next: Int
    private(set) var sent = 0
    private(set) var accepted = 0
    private(set) var refused = 0
    private(set) var seconds = 0.0
    private(set) var latencies = Latencies()

    init(on stage: Stage, callers: Int, template: RequestTemplate, first: Int) throws(BenchError) {
        self.stage = stage
        self.template = template
        next = first
        connections = try stage.connect(callers)
        idle = connections
    }

    func goodput(of capacity: Double) -> Double { 100 * Double(accepted) / seconds / capacity }

    func run(perSecond: Double, seconds wanted: Int) throws(BenchError) {
        let start = Moment.monotonic()
        let end = start + Int64(wanted) * 1_000_000_000
        while Moment.monotonic() < end {
            let due = Int(Double(Moment.monotonic() - start) / 1e9 * perSecond)
            while sent < due, let connection = idle.popLast() { try send(on: connection) }
            try stage.reactor.turn(atMost: 1_000_000)
        }
        seconds = Double(Moment.monotonic() - start) / 1e9
        let isDone = try stage.reactor.run(until: Moment.monotonic() + 10_000_000_000) {
            idle.count == connections.count
        }
        guard isDone else { throw BenchError("\(connections.count - idle.count) requests without an answer") }
        for connection in connections { connection.close() }
    }

    private func send(on connection: Connection) throws(BenchError) {
        let request = template.numbered(next)
        next += 1
        sent += 1
        let began = Moment.monotonic()
        try connection.send(request) { [unowned self] (status, body) throws(BenchError) in
            switch status {
            case 200:
                accepted += 1
                latencies.record(nanoseconds: Moment.monotonic() - began)
            case 429, 503: refused += 1
            default: throw BenchError("answer \(status): \(String(decoding: body.prefix(300), as: UTF8.self))")
            }
            idle.append(connection)
        }
    }
}
