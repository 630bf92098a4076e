import NIOCore
import Synchronization

/// Keeps one event loop connected: at any time it has one connection, makes one, or pauses before making one.
///
/// With sentinels, each attempt asks them anew where the primary is, and a connection asks now and then whether it is
/// still the right one.
///
/// Sendable because what can change belongs to `eventLoop`: it is private, and every path to it asserts the loop.
final class RedisLink: @unchecked Sendable {
    private enum State {
        case idle
        case locating(PrimaryLookup)
        case connecting(RedisConnection)
        case up(RedisConnection, since: NIODeadline)
        case pausing(Scheduled<Void>)
        case closed(RedisConnection?)
    }

    let eventLoop: any EventLoop
    /// May be read from any thread.
    let commandsSent = Atomic<Int>(0)
    /// May be read from any thread.
    let isUp = Atomic<Bool>(false)
    private let peer = Mutex<RedisEndpoint.Address?>(nil)
    private let route: RedisRoute
    private let journal: ReachabilityLog
    private let metrics: RedisClientMetrics
    private var wasUp = false
    private var state = State.idle
    private var backoff: Backoff
    private var lastReason = "not connected yet"
    private var upWaiters: [EventLoopPromise<Bool>] = []
    /// The one that knew the primary the last time.
    private var sentinel = 0

    init(
        route: RedisRoute, eventLoop: any EventLoop, journal: ReachabilityLog, metrics: RedisClientMetrics = .unobserved
    ) {
        self.route = route
        self.eventLoop = eventLoop
        self.journal = journal
        self.metrics = metrics
        self.backoff = Backoff(first: route.limits.firstBackoff, longest: route.limits.longestBackoff)
    }

    func start() {
        eventLoop.execute { if case .idle = self.state { self.connect() } }
    }

    /// The server of the connection that is up, or was the last. May be called from any thread.
    var server: RedisEndpoint.Address? { peer.withLock { $0 } }

    /// Sends one command; in place when the caller runs on the loop.
    func send(
        _ command: RESPCommand, extraTime: TimeAmount = .zero
    ) async throws(RedisClientError) -> RESPValue {
        let result = await withCheckedContinuation { (caller: RedisConnection.Caller) in
            onLoop { connection in
                guard let connection else { return caller.resume(returning: .failure(self.unavailable)) }
                connection.send(command, extraTime: extraTime, to: caller)
            }
        }
        return try result.get()
    }

    /// Sends commands in order, in one write: either all or none.
    func send(
        _ commands: [RESPCommand], extraTime: TimeAmount = .zero
    ) async -> [Result<RESPValue, RedisClientError>] {
        if commands.isEmpty { return [] }
        return await withCheckedContinuation { (caller: ReplyBatch.Caller) in
            onLoop { connection in
                let batch = ReplyBatch(count: commands.count, caller: caller)
                guard let connection else { return batch.fail(self.unavailable) }
                connection.send(commands, extraTime: extraTime, to: batch)
            }
        }
    }

    func waitUntilUp(deadline: NIODeadline) async -> Bool {
        await withCheckedContinuation { caller in
            eventLoop.execute {
                let promise = self.eventLoop.makePromise(of: Bool.self)
                promise.futureResult.whenSuccess { caller.resume(returning: $0) }
                switch self.state {
                case .up: return promise.succeed(true)
                case .closed: return promise.succeed(false)
                case .idle, .locating, .connecting, .pausing: self.upWaiters.append(promise)
                }
                // Answering twice is allowed: only the first counts.
                self.eventLoop.scheduleTask(deadline: deadline) { promise.succeed(false) }
            }
        }
    }

    /// Closes the connection when the commands under way are answered; none is made again.
    func close() async {
        await withCheckedContinuation { caller in
            eventLoop.execute { self.close { caller.resume() } }
        }
    }

    /// Closes the connection at once; none is made again.
    func abandon() {
        eventLoop.execute {
            if case .connecting(let connection) = self.state { connection.close("closed by this side") }
            if case .up(let connection, _) = self.state { connection.close("closed by this side") }
            self.close {}
        }
    }

    private func close(then done: @escaping () -> Void) {
        isUp.store(false, ordering: .relaxed)
        switch state {
        case .idle: state = .closed(nil)
        case .locating(let lookup):
            lookup.cancel()
            state = .closed(nil)
        case .pausing(let pause):
            pause.cancel()
            state = .closed(nil)
        case .connecting(let connection), .up(let connection, _): state = .closed(connection)
        case .closed: break
        }
        lastReason = "closed by this side"
        answerWaiters(false)
        guard case .closed(let connection?) = state else { return done() }
        connection.closed.assumeIsolated().whenComplete { _ in done() }
        connection.drain(lastReason)
    }

    // MARK: On the loop

    private func onLoop(_ body: @escaping @Sendable (RedisConnection?) -> Void) {
        if eventLoop.inEventLoop { return body(connection) }
        eventLoop.execute { body(self.connection) }
    }

    private var connection: RedisConnection? {
        eventLoop.preconditionInEventLoop()
        if case .up(let connection, _) = state { return connection }
        return nil
    }

    private var unavailable: RedisClientError { .unavailable(lastReason) }

    private func connect() {
        guard !route.sentinels.isEmpty else { return open(route.server) }
        let lookup = PrimaryLookup(route, first: sentinel, eventLoop: eventLoop)
        state = .locating(lookup)
        lookup.run { finding in
            guard case .locating = self.state else { return }
            switch finding {
            case .primary(let address, let sentinel):
                self.sentinel = sentinel
                self.open(self.route.server.moved(to: address))
            case .failure(let reason): self.failed(reason)
            }
        }
    }

    private func open(_ connector: RedisConnector) {
        let connection = RedisConnection(connector: connector, eventLoop: eventLoop, metrics: metrics) {
            self.commandsSent.wrappingAdd(1, ordering: .relaxed)
        }
        state = .connecting(connection)
        connection.ready.assumeIsolated().whenSuccess { self.connected(connection) }
        connection.closed.assumeIsolated().whenSuccess { self.failed($0) }
        connector.open(connection)
    }

    private func connected(_ connection: RedisConnection) {
        guard case .connecting = state else { return }
        state = .up(connection, since: .now())
        peer.withLock { $0 = connection.address }
        isUp.store(true, ordering: .relaxed)
        if wasUp { metrics.reconnects.increment() }
        wasUp = true
        journal.connected(complaints: connection.complaints)
        answerWaiters(true)
        if !route.sentinels.isEmpty { checkLater(connection) }
    }

    /// Whether the server is still the primary: it may not know that it was replaced.
    private func checkLater(_ connection: RedisConnection) {
        eventLoop.assumeIsolated().scheduleTask(in: route.limits.primaryCheck) {
            self.check(connection, first: self.sentinel, doubter: nil)
        }
    }

    /// A sentinel may be out of date itself, so another has to agree before a connection that works is given up.
    ///
    /// - Parameter doubter: the one that named another server; nil before.
    private func check(_ connection: RedisConnection, first: Int, doubter: Int?) {
        guard self.connection === connection else { return }
        // Answers by itself within the sentinels' time, also when the connection has gone meanwhile.
        PrimaryLookup(route, first: first, eventLoop: eventLoop).run { finding in
            guard case .primary(let address, let sentinel) = finding else { return self.checkLater(connection) }
            if address == connection.address {
                self.sentinel = sentinel
                self.checkLater(connection)
            } else if doubter == nil, self.route.sentinels.count > 1 {
                self.check(connection, first: self.next(to: sentinel), doubter: sentinel)
            } else if sentinel == doubter {
                // No other answers: alone it proves nothing.
                self.checkLater(connection)
            } else {
                self.sentinel = sentinel
                connection.drain("the sentinels name another primary, \(address)")
            }
        }
    }

    private func next(to sentinel: Int) -> Int { (sentinel + 1) % route.sentinels.count }

    private func failed(_ reason: String) {
        isUp.store(false, ordering: .relaxed)
        switch state {
        case .locating: journal.disconnected(wasUp: false, reason: reason)
        case .connecting:
            // The sentinel may be out of date.
            if !route.sentinels.isEmpty { sentinel = next(to: sentinel) }
            journal.disconnected(wasUp: false, reason: reason)
        case .up(_, let since):
            // One that did not even last a pause has proved nothing: the pauses go on growing.
            if NIODeadline.now() - since > backoff.longest { backoff.reset() }
            journal.disconnected(wasUp: true, reason: reason)
        case .idle, .pausing, .closed: return
        }
        lastReason = reason
        var random = SystemRandomNumberGenerator()
        let pause = eventLoop.assumeIsolated().scheduleTask(in: backoff.next(using: &random)) { self.connect() }
        state = .pausing(pause)
    }

    private func answerWaiters(_ isUp: Bool) {
        let waiters = upWaiters
        upWaiters = []
        for waiter in waiters { waiter.succeed(isUp) }
    }
}
