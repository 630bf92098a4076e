import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The way to Redis: one connection for each event loop.
///
/// A caller that runs on one of the loops uses that loop's connection, without a hop; any other caller's commands are
/// spread over all of them. Commands of one loop tick leave in few writes. Connections that are lost are made again for
/// as long as the client lives; meanwhile commands fail at once as ``RedisClientError/unavailable(_:)``.
/// Cancelling the caller's task does not take a command back: it waits for its reply, at most
/// ``RedisClientLimits/replyDeadline``. A connection whose server answers `READONLY` is replaced by itself. Whoever
/// makes a client closes it: until then it keeps its connections.
package final class RedisClient: Sendable {
    package let endpoint: RedisEndpoint
    private let links: [RedisLink]
    private let confirmed: ConfirmedCalls?
    private let linkOfLoop: [ObjectIdentifier: RedisLink]
    private let nextLink = Atomic<Int>(0)
    private let group: MultiThreadedEventLoopGroup
    /// For ``waitingConnection()``: no scripts are run there.
    private let waitingRoute: RedisRoute
    private let waiting = Mutex(Waiting())

    private struct Waiting {
        var links: [RedisLink] = []
        /// Commands of those that were closed.
        var commandsSent = 0
    }

    /// Begins to connect.
    ///
    /// - Parameters:
    ///   - scripts: loaded into the script cache on every connect.
    ///   - name: shown by `CLIENT LIST`; no spaces.
    ///   - needsPrimary: a server that says that it is a replica is not used.
    ///   - confirmation: what ``runConfirmed(_:)`` waits for; it has a connection of its own.
    /// - Throws: ``RedisEndpoint/Unusable`` when the CA file cannot be read.
    package init(
        endpoint: RedisEndpoint, group: MultiThreadedEventLoopGroup, scripts: [RedisScript] = [],
        name: String = "kefu", needsPrimary: Bool = false, confirmation: ReplicaConfirmation? = nil,
        limits: RedisClientLimits = RedisClientLimits(), metrics: RedisClientMetrics = .unobserved, logger: Logger
    ) throws(RedisEndpoint.Unusable) {
        let route = try RedisRoute(
            endpoint, scripts: scripts, name: name, role: needsPrimary ? .primaryIfTold : .any, limits: limits)
        waitingRoute = try RedisRoute(
            endpoint, name: name, role: needsPrimary ? .primaryIfTold : .any, limits: limits)
        self.group = group
        let loops = Array(group.makeIterator())
        let journal = ReachabilityLog(connections: loops.count + (confirmation == nil ? 0 : 1), logger: logger)
        let links = loops.map { RedisLink(route: route, eventLoop: $0, journal: journal, metrics: metrics) }
        self.endpoint = endpoint
        self.links = links
        self.linkOfLoop = Dictionary(uniqueKeysWithValues: links.map { (ObjectIdentifier($0.eventLoop), $0) })
        confirmed = confirmation.map { confirmation in
            ConfirmedCalls(
                confirmation,
                over: RedisLink(
                    route: route, eventLoop: group.next(), journal: journal, metrics: metrics.ofConfirmations)
            )
        }
        for link in allLinks { link.start() }
    }

    private var allLinks: [RedisLink] { links + (confirmed.map { [$0.link] } ?? []) }

    /// Commands sent since the start, those of the connections' own included.
    package var commandsSent: Int {
        let waited = waiting.withLock { waiting in
            waiting.links.reduce(waiting.commandsSent) { $0 + $1.commandsSent.load(ordering: .relaxed) }
        }
        return allLinks.reduce(waited) { $0 + $1.commandsSent.load(ordering: .relaxed) }
    }

    /// The server that is, or was last, connected to; with sentinels the primary.
    package var server: RedisEndpoint.Address? { links.lazy.compactMap(\.server).first }

    /// How many replicas ``runConfirmed(_:)`` waits for.
    package var replicasToConfirm: Int { confirmed?.confirmation.replicas ?? 0 }

    /// Whether every connection is up.
    package var isConnected: Bool { allLinks.allSatisfy { $0.isUp.load(ordering: .relaxed) } }

    /// Waits until every connection is up; false when that took longer.
    package func waitUntilConnected(within limit: Duration) async -> Bool {
        let deadline = NIODeadline.now() + TimeAmount(limit)
        for link in allLinks where await !link.waitUntilUp(deadline: deadline) { return false }
        return true
    }

    /// Any command that answers once: no `SUBSCRIBE`, `MONITOR`, `MULTI` or blocking read
    /// (for which there is ``waitingConnection()``).
    ///
    /// - Parameter extraTime: how much longer than ``RedisClientLimits/replyDeadline`` the reply may take.
    package func command(
        _ arguments: RedisArgument..., extraTime: Duration = .zero
    ) async throws(RedisClientError) -> RESPValue {
        try await command(arguments, extraTime: extraTime)
    }

    package func command(
        _ arguments: [RedisArgument], extraTime: Duration = .zero
    ) async throws(RedisClientError) -> RESPValue {
        try await link.send(.plain(arguments), extraTime: TimeAmount(extraTime))
    }

    /// Commands in order on one connection, in one write.
    package func commands(_ commands: [[RedisArgument]]) async -> [Result<RESPValue, RedisClientError>] {
        await link.send(commands.map { .plain($0) })
    }

    /// Calls a script by its digest, and if Redis does not know it (`NOSCRIPT`: not executed), once more by its text.
    package func run(
        _ script: RedisScript, keys: [String], arguments: [RedisArgument]
    ) async throws(RedisClientError) -> RESPValue {
        let link = link
        let call = ScriptCall(script, keys: keys, arguments: arguments)
        let reply = try await link.send(.evalsha(call))
        guard let error = reply.error, error.has(prefix: "NOSCRIPT") else { return reply }
        return try await link.send(.eval(call))
    }

    /// Calls scripts in order on one connection, in one write. What Redis did not know is called by its text
    /// afterwards, in order too; so the order between two calls can only break when the script cache is flushed and
    /// filled again by another client between them.
    package func run(_ calls: [ScriptCall]) async -> [Result<RESPValue, RedisClientError>] {
        let link = link
        var results = await link.send(calls.map { .evalsha($0) })
        let unknown = results.indices.filter { index in
            if case .success(.error(let error)) = results[index] { error.has(prefix: "NOSCRIPT") } else { false }
        }
        guard !unknown.isEmpty else { return results }
        let again = await link.send(unknown.map { .eval(calls[$0]) })
        for (index, result) in zip(unknown, again) { results[index] = result }
        return results
    }

    /// As ``run(_:)``, on a connection of its own, and a call succeeds only when the replicas have what it wrote or
    /// read. Without a confirmation it is the same as ``run(_:)``.
    package func runConfirmed(_ calls: [ScriptCall]) async -> [Result<RESPValue, RedisClientError>] {
        guard let confirmed else { return await run(calls) }
        return await confirmed.run(calls)
    }

    /// A new connection for commands that wait. Its troubles are not logged: those of the others tell the same.
    package func waitingConnection() -> WaitingConnection {
        let silent = Logger(label: "kefu.waiting") { _ in SwiftLogNoOpLogHandler() }
        let link = RedisLink(
            route: waitingRoute, eventLoop: group.next(), journal: ReachabilityLog(connections: 1, logger: silent))
        waiting.withLock { $0.links.append(link) }
        return WaitingConnection(link) { [weak self] link in
            self?.waiting.withLock { waiting in
                guard let index = waiting.links.firstIndex(where: { $0 === link }) else { return }
                waiting.links.remove(at: index)
                waiting.commandsSent += link.commandsSent.load(ordering: .relaxed)
            }
        }
    }

    /// Takes no more commands, waits for the replies of those under way, and closes the connections.
    package func close() async {
        for link in waiting.withLock(\.links) { link.abandon() }
        await withDiscardingTaskGroup { group in
            for link in allLinks { group.addTask { await link.close() } }
        }
    }

    private var link: RedisLink {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop, let link = linkOfLoop[ObjectIdentifier(loop)] {
            return link
        }
        let turn = nextLink.wrappingAdd(1, ordering: .relaxed).newValue
        return links[Int(UInt(bitPattern: turn) % UInt(links.count))]
    }
}
