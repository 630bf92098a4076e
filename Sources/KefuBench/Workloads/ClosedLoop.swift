/// Keeps a number of connections busy: each sends its next request when the last is answered.
final class ClosedLoop {
    /// Answers so far, the warm-up's too. All were 200.
    private(set) var answered = 0
    private let stage: Stage
    private var connections: [Connection] = []
    private var template: RequestTemplate
    private let step: Int
    private let wrap: Int
    private var next: Int
    private var isOver = false

    /// - Parameters:
    ///   - step: how far apart the numbers of two requests are: the length of a batch.
    ///   - first: number of the first request.
    ///   - wrap: numbers begin anew at 0 here.
    init(
        on stage: Stage, connections count: Int, template: RequestTemplate, step: Int = 1, first: Int = 0,
        wrap: Int = 1_000_000
    ) throws(BenchError) {
        self.stage = stage
        self.template = template
        self.step = step
        self.wrap = wrap
        next = first
        connections = try stage.connect(count)
    }

    /// Runs for a warm-up and then `seconds`.
    ///
    /// - Returns: Answers in the measured time, and what it cost.
    func measure(seconds: Int) throws(BenchError) -> (answers: Int, cost: Consumption) {
        for connection in connections { try sendNext(on: connection) }
        let (answers, cost) = try stage.measure(seconds: seconds) { answered }
        try finish()
        return (answers, cost)
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
