/// Keeps a number of connections busy: each sends its next request when the last is answered.
final class ClosedLoop {
    private static let warmUpNanoseconds: Int64 = 1_000_000_000

    /// Answers so far, the warm-up's too. All were 200.
    private(set) var answered = 0
    private let stage: Stage
    private var connections: [Connection] = []
    private var template: RequestTemplate
    private let step: Int
    private let wrap: Int
    private var next = 0
    private var isOver = false

    /// - Parameters:
    ///   - step: how far apart the numbers of two requests are: the length of a batch.
    ///   - wrap: numbers begin anew here.
    init(
        on stage: Stage, connections count: Int, template: RequestTemplate, step: Int = 1, wrap: Int = 1_000_000
    ) throws(BenchError) {
        self.stage = stage
        self.template = template
        self.step = step
        self.wrap = wrap
        for _ in 0..<count { connections.append(try Connection(port: stage.port, reactor: stage.reactor)) }
    }

    /// Runs for a warm-up and then `seconds`.
    ///
    /// - Returns: Answers in the measured time, and what it cost.
    func measure(seconds: Int) throws(BenchError) -> (answers: Int, cost: Consumption) {
        for connection in connections { try sendNext(on: connection) }
        _ = try stage.reactor.run(until: Moment.monotonic() + Self.warmUpNanoseconds)
        let before = (answered, Consumption.reading(of: stage))
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(seconds) * 1_000_000_000)
        let after = (answered, Consumption.reading(of: stage))
        try finish()
        return (after.0 - before.0, after.1 - before.1)
    }

    /// Sends exactly so many requests.
    func send(requests: Int) throws(BenchError) {
        for connection in connections.prefix(requests) { try sendNext(on: connection) }
        let deadline = Moment.monotonic() + 60_000_000_000
        let wanted = requests - min(connections.count, requests)
        _ = try stage.reactor.run(until: deadline) { answered >= wanted }
        try finish()
    }

    /// Takes the answers that are on their way and closes the connections.
    private func finish() throws(BenchError) {
        isOver = true
        let deadline = Moment.monotonic() + 5_000_000_000
        let isDone = try stage.reactor.run(until: deadline) { connections.allSatisfy(\.isIdle) }
        guard isDone else { throw BenchError("requests without an answer after 5 s") }
        for connection in connections { connection.close() }
    }

    private func sendNext(on connection: Connection) throws(BenchError) {
        let request = template.numbered(next)
        next = (next + step) % wrap
        try connection.send(request) { [unowned self] (status, body) throws(BenchError) in
            guard status == 200 else {
                throw BenchError("answer \(status): \(String(decoding: body.prefix(300), as: UTF8.self))")
            }
            answered += 1
            if !isOver { try sendNext(on: connection) }
        }
    }
}
