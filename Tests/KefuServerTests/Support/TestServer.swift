import KefuCore
import KefuMetrics
import KefuServer
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing

/// A server on a port of its own, for the length of one closure.
struct TestServer: Sendable {
    var port: Int
    var store: FakeStore
    var feed: FakeFeed
    var broadcast: ChangeBroadcast
    var routes: [Route]
    var drain: DrainSignal
    var requestsWaiting: @Sendable () -> Int
    var log: LogRecorder
    private var services: ServiceGroup

    /// Begins the graceful shutdown; returns at once.
    func shutDown() async { await services.triggerGracefulShutdown() }

    func connect() async throws -> RawClient { try await RawClient.connect(port: port) }

    /// One request on a connection of its own.
    func exchange(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil
    ) async throws -> RawAnswer {
        let client = try await connect()
        let answer = try await client.exchange(method, target, headers: headers, body: body)
        await client.close()
        return answer
    }

    /// Runs `use` on a new connection, again while the server closes it unanswered: a busy machine may need longer
    /// for the first byte than a short deadline allows.
    func untilAnswered(_ use: (RawClient) async throws -> Void) async throws {
        for _ in 0..<100 {
            do {
                return try await use(try await connect())
            } catch is RawClient.Closed {
                continue
            } catch is ChannelError {
                continue
            }
        }
        throw RawClient.Closed()
    }

    /// - Parameters:
    ///   - group: the event loops of its connections.
    ///   - extra: routes beside the API's.
    ///   - write: the store's answers.
    static func run(
        on group: MultiThreadedEventLoopGroup = .singleton, limits: ServerLimits = ServerLimits(),
        tokens: [AccessToken] = [], tls: TLSFiles? = nil,
        stream: StreamLimits = StreamLimits(), logLevel: Logger.Level = .info, extra: [Route] = [],
        store write: (inout FakeStore.Answers) -> Void = { _ in },
        _ use: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let store = FakeStore(write)
        let feed = FakeFeed()
        let log = LogRecorder()
        let drain = DrainSignal()
        let registry = MetricsRegistry()
        let metrics = Scrape(registry, store: store, version: "1.2.3")
        let times = try #require(TimeZoneRules(name: "Asia/Shanghai"))
        let broadcast = ChangeBroadcast(
            feed: feed, store: store, times: times, limits: stream, logger: log.logger(level: logLevel))
        let routes = APIRoutes(
            intake: TaskIntake(store: store, executor: IdleExecutor()), store: store,
            reader: RequestReader(timeZone: times, eventLog: .seconds(60)), times: times,
            instance: InstanceIdentity(id: "test-1", version: "1.2.3"), drain: drain, broadcast: broadcast,
            scrape: { await metrics.text() })
        let server = HTTPServer(
            group: group, address: ListenAddress(port: 0), router: Router(routes.all + extra),
            access: AccessControl(tokens: tokens), limits: limits, tls: tls, drain: drain,
            metrics: registry, logger: log.logger(level: logLevel))
        let services = ServiceGroup(services: [broadcast, server], logger: log.logger(level: logLevel))
        try await withThrowingTaskGroup { group in
            group.addTask { try await services.run() }
            let port = try await server.port()
            let running = TestServer(
                port: port, store: store, feed: feed, broadcast: broadcast, routes: routes.all, drain: drain,
                requestsWaiting: { server.requestsWaiting }, log: log, services: services)
            do {
                try await use(running)
            } catch {
                await services.triggerGracefulShutdown()
                throw error
            }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
