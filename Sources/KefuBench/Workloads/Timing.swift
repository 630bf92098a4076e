import Foundation

// How exactly a time is met: from the time in the task to its request at the gateway, by one clock.

extension Workload {
    private static let perSecond = 1000
    private static let stretchSeconds = 20
    /// Time to post them all before the first is due, seconds.
    private static let lead = 5
    private static let batchLength = 500

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
        return Figure.percentiles("lateness", latencies, goals: [50: 1.5, 99: 5]) + [
            Figure("fired early", Double(early), "tasks", goal: .atMost(0))
        ]
    }

    /// Stores a task for each of the times (epoch milliseconds), numbered in their order.
    static func post(_ dues: [Int64], on stage: Stage) throws(BenchError) {
        let connection = try stage.connect(1)[0]
        for start in stride(from: 0, to: dues.count, by: batchLength) {
            let tasks = (start..<min(start + batchLength, dues.count)).map { number in
                TaskText.timed(text(dues[number]), number: number)
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
