import NIOCore

/// Asks the sentinels, one after the other, where the primary is; the first that knows is believed, and whether that
/// server is a primary at all it must say itself (<https://redis.io/docs/latest/develop/reference/sentinel-clients/>).
///
/// Belongs to its event loop. For one use: it answers once, or never when cancelled.
final class PrimaryLookup {
    enum Finding: Equatable {
        /// `sentinel`: the index of the one that knew.
        case primary(RedisEndpoint.Address, sentinel: Int)
        /// English, with each sentinel's reason.
        case failure(String)
    }

    private let route: RedisRoute
    private let eventLoop: any EventLoop
    private var order: ArraySlice<Int>
    private var refusals: [(sentinel: Int, reason: String)] = []
    private var done: ((Finding) -> Void)?
    private var connection: RedisConnection?

    /// - Parameter first: which sentinel to ask first: the one that knew the last time.
    init(_ route: RedisRoute, first: Int, eventLoop: any EventLoop) {
        self.route = route
        self.eventLoop = eventLoop
        order = (Array(first..<route.sentinels.count) + Array(0..<first))[...]
    }

    func run(_ done: @escaping (Finding) -> Void) {
        eventLoop.preconditionInEventLoop()
        self.done = done
        askNext()
    }

    func cancel() {
        eventLoop.preconditionInEventLoop()
        done = nil
        connection?.close("no longer needed")
    }

    private func askNext() {
        guard let sentinel = order.popFirst() else { return end(.failure(failure)) }
        let connector = route.sentinels[sentinel]
        let connection = RedisConnection(connector: connector, eventLoop: eventLoop, countCommand: {})
        self.connection = connection
        connection.ready.assumeIsolated().whenSuccess {
            if let address = connection.primary { self.end(.primary(address, sentinel: sentinel)) }
            connection.close("answered")
        }
        connection.closed.assumeIsolated().whenSuccess { reason in
            guard self.done != nil else { return }
            self.refusals.append((sentinel, reason))
            self.askNext()
        }
        connector.open(connection)
    }

    private func end(_ finding: Finding) {
        let done = done
        self.done = nil
        done?(finding)
    }

    /// One that answers and does not know the name says more than others that do not answer.
    private var failure: String {
        let unknown = RedisLogin.unknownPrimary(route.primary)
        if refusals.contains(where: { $0.reason == unknown }) { return unknown }
        let reasons = refusals.map { "\(route.sentinels[$0.sentinel].address): \($0.reason)" }
        return "no sentinel tells the primary: \(reasons.joined(separator: "; "))"
    }
}
