/// Leads tasks through their whole life: accept, event, gateway, callback. Tasks that wait already begin with their
/// event.
///
/// A life holds its connection for its requests; it has ended when its callback has come and its event is answered.
final class LifeCourse {
    private struct Life {
        let began: Int64
        let connection: Connection
        /// The event's answer and the callback.
        var outstanding = 2
    }

    private(set) var ended = 0
    /// From the beginning to the callback.
    private(set) var latencies = Latencies()
    /// From the beginning to the request at the gateway.
    private(set) var gatewayLatencies = Latencies()
    private(set) var gatewayRequests = 0
    /// Called when a connection has no request on its way any more.
    var freed: (Connection) throws(BenchError) -> Void = { _ in }
    /// Called with the connection that the life was led on.
    var finished: (Connection) throws(BenchError) -> Void = { _ in }
    private var lives: [Int: Life] = [:]
    private var number = 0
    /// How many tasks with ascending numbers, each of a customer of its own, wait already; nil: none.
    private let stored: Int?
    private var task = RequestTemplate(path: "/api/task/receive", body: TaskText.body(customer: TaskText.task))
    private var event = RequestTemplate(
        path: "/api/event", body: TaskText.message("好的", customer: TaskText.task))

    var underWay: Int { lives.count }

    init(on stage: Stage, stored: Int? = nil) {
        self.stored = stored
        stage.gateway.received = { [unowned self] (number, _) throws(BenchError) in
            gatewayRequests += 1
            if let life = lives[number] { gatewayLatencies.record(nanoseconds: Moment.monotonic() - life.began) }
        }
        stage.callbacks.received = { [unowned self] (number, body) throws(BenchError) in
            guard body.position(of: #""status":"completed""#) != nil else {
                throw BenchError("a callback of another state: \(String(decoding: body, as: UTF8.self))")
            }
            guard let life = lives[number] else { throw BenchError("a second callback for task \(number)") }
            latencies.record(nanoseconds: Moment.monotonic() - life.began)
            try step(number)
        }
    }

    /// - Parameter moment: when it should have begun; its latency counts from here.
    func begin(on connection: Connection, at moment: Int64) throws(BenchError) {
        let number = self.number
        self.number += 1
        lives[number] = Life(began: moment, connection: connection)
        if let stored {
            guard number < stored else { throw BenchError("all \(stored) tasks have fired before the time was over") }
            return try sendEvent(number, on: connection)
        }
        try connection.send(task.numbered(number)) { [unowned self] (status, _) throws(BenchError) in
            guard status == 200 else { throw BenchError("task \(number): answer \(status)") }
            try sendEvent(number, on: connection)
        }
    }

    private func sendEvent(_ number: Int, on connection: Connection) throws(BenchError) {
        try connection.send(event.numbered(number)) { [unowned self] (status, _) throws(BenchError) in
            guard status == 200 else { throw BenchError("event \(number): answer \(status)") }
            try freed(connection)
            try step(number)
        }
    }

    /// Forgets what was recorded so far.
    func restartLatencies() {
        latencies = Latencies()
        gatewayLatencies = Latencies()
    }

    /// Waits for the lives under way, and that each was sent exactly once.
    func drain(_ reactor: Reactor) throws(BenchError) {
        freed = { _ in }
        finished = { _ in }
        guard try reactor.run(until: Moment.monotonic() + 10_000_000_000, isDone: { lives.isEmpty }) else {
            throw BenchError("\(lives.count) tasks without a callback after 10 s")
        }
        guard gatewayRequests == number else {
            throw BenchError("\(number) tasks, \(gatewayRequests) requests to the gateway")
        }
    }

    private func step(_ number: Int) throws(BenchError) {
        guard var life = lives[number] else { throw BenchError("a second answer for task \(number)") }
        life.outstanding -= 1
        lives[number] = life.outstanding == 0 ? nil : life
        guard life.outstanding == 0 else { return }
        ended += 1
        try finished(life.connection)
    }
}
