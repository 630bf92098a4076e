import Foundation

// How exactly a time is met: from the time in the task to its request at the gateway, by one clock.

extension Workload {
    private static let perSecond = 200
    private static let stretchSeconds = 10
    /// Time to post them all before the first is due.
    private static let lead = 4

    static let timed = Workload(
        name: "timed", summary: "\(perSecond) tasks a second for \(stretchSeconds) s, each at its millisecond"
    ) { (stage, _) throws(BenchError) in
        let count = perSecond * stretchSeconds
        let first = Moment.wall() / 1_000_000 + Int64(lead) * 1000
        let dues = (0..<count).map { first + Int64($0 * 1000 / perSecond) }
        var latencies = Latencies()
        var (received, early) = (0, 0)
        stage.gateway.received = { (number, _) throws(BenchError) in
            let late = Moment.wall() - dues[number] * 1_000_000
            if late < 0 { early += 1 }
            latencies.record(nanoseconds: late)
            received += 1
        }
        try post(dues, on: stage)
        guard Moment.wall() / 1_000_000 < first else { throw BenchError("posting took longer than \(lead) s") }
        let deadline = Moment.monotonic() + Int64(lead + stretchSeconds + 5) * 1_000_000_000
        guard try stage.reactor.run(until: deadline, isDone: { received == count }) else {
            throw BenchError("\(count - received) of \(count) tasks did not fire")
        }
        let name = "time_reach, \(perSecond)/s"
        return Figure.percentiles(name, "lateness", latencies, p99AtMost: 20) + [
            Figure(workload: name, name: "fired early", value: Double(early), unit: "tasks", atMost: 0)
        ]
    }

    private static func post(_ dues: [Int64], on stage: Stage) throws(BenchError) {
        let connection = try Connection(port: stage.port, reactor: stage.reactor)
        for start in stride(from: 0, to: dues.count, by: perSecond) {
            let tasks = (start..<min(start + perSecond, dues.count)).map { number in
                let time = text(dues[number])
                let digits = String(String(1_000_000 + number).dropFirst())
                return TaskText.timed(time).replacingOccurrences(of: TaskText.task, with: digits)
                    .replacingOccurrences(of: TaskText.customer, with: digits)
            }
            let request = RequestTemplate(
                path: "/api/task/receive/batch", body: "[\(tasks.joined(separator: ","))]")
            var status = 0
            try connection.send(request.bytes) { (answer, _) throws(BenchError) in status = answer }
            _ = try stage.reactor.run(until: Moment.monotonic() + 5_000_000_000) { status != 0 }
            guard status == 200 else { throw BenchError("a batch of timed tasks: answer \(status)") }
        }
        connection.close()
    }

    /// RFC 3339 with exactly these milliseconds: a fraction that went through `Double` may come out one less.
    private static func text(_ epochMs: Int64) -> String {
        let second = Date(timeIntervalSince1970: Double(epochMs / 1000)).formatted(.iso8601)
        return "\(second.dropLast()).\(String(1000 + epochMs % 1000).dropFirst())Z"
    }
}
