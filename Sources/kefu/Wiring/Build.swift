import Foundation
import KefuAdapter
import KefuConnector
import KefuCore
import KefuEngine
import KefuMetrics
import KefuOutbound
import KefuRedis
import KefuServer
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// How the process is made: every part once, and in ``services`` the order in which they start; they stop the other
/// way round, the front first and the way to Redis last.
struct Build {
    let settings: Settings
    let logger: Logger
    let group: MultiThreadedEventLoopGroup
    let redis: RedisClient
    let embedded: EmbeddedRedis?
    let transport: CurlTransport
    let server: HTTPServer
    let metrics = MetricsRegistry()
    let grace: GracePeriod
    let services: [any Service]

    init(_ settings: Settings, logger: Logger) async throws {
        self.settings = settings
        self.logger = logger
        if let tls = settings.tls { try HTTPServer.check(tls) }
        Normalizer.warmUp()
        group = MultiThreadedEventLoopGroup(numberOfThreads: Self.loops)
        embedded = try await Self.startRedis(settings, logger: logger)
        // Either the settings name a Redis, or ours runs.
        guard let endpoint = settings.redis ?? embedded?.endpoint else { preconditionFailure("no Redis") }
        let identity = Self.identity()
        redis = try RedisClient(
            endpoint: endpoint, group: group, scripts: ScriptLibrary.production.all, name: "kefu-\(identity.id)",
            needsPrimary: true, confirmation: ReplicaConfirmation(replicas: settings.minReplicas),
            metrics: RedisClientMetrics(metrics), logger: logger)
        // Longer than a Redis that runs needs; one that does not is waited for while requests are refused.
        _ = await redis.waitUntilConnected(within: .seconds(2))
        let store = RedisTaskStore(
            client: redis, instance: identity,
            policy: SchedulingPolicy(
                lease: settings.lease, gatewayTimeout: settings.gatewayTimeout, retention: settings.retention,
                calledBack: settings.calledBack, eventLog: settings.eventLog), metrics: StoreMetrics(metrics))
        let transport = try CurlTransport()
        self.transport = transport
        grace = GracePeriod(length: settings.shutdown) { transport.shutdown() }
        let scrape = Scrape(metrics, store: store, version: Kefu.version)
        let broadcast = ChangeBroadcast(
            feed: RedisChangeFeed(client: redis), store: store, times: settings.timeZone, logger: logger)
        let reader = RequestReader(timeZone: settings.timeZone, eventLog: settings.eventLog)
        let connection = Connection(settings, reader: reader)
        let engine = Engine(
            settings, store: store, transport: transport, socket: connection.gateway, grace: grace,
            metrics: EngineMetrics(metrics), logger: logger)
        let drain = DrainSignal()
        let routes = APIRoutes(
            intake: TaskIntake(store: store, executor: engine.executor), store: store, reader: reader,
            times: settings.timeZone, instance: InstanceIdentity(id: identity.id, version: identity.version),
            drain: drain, broadcast: broadcast, scrape: { await scrape.text() },
            platform: settings.platformDialect(reader: reader), dialect: connection.dialect)
        server = HTTPServer(
            group: group, address: ListenAddress(host: settings.host, port: settings.port),
            router: Router(routes.all), access: AccessControl(tokens: settings.tokens),
            limits: Self.limits(settings, logger), tls: settings.tls, drain: drain, metrics: metrics, logger: logger)
        scrape.read("kefu_http_requests_in_flight") { [server] in server.requestsInFlight }
        scrape.read("kefu_http_requests_waiting") { [server] in server.requestsWaiting }
        scrape.read("kefu_claims_held") { engine.executor.running }
        scrape.read("kefu_redis_commands_total") { [redis] in redis.commandsSent }
        let moving = try connection.services(
            settings, store: store, executor: engine.executor, beside: engine.services, on: group, logger: logger)
        services = [embedded.map(EmbeddedRedisService.init)].compactMap { $0 } + moving + [broadcast, server]
    }

    /// Half of the cores: Redis needs the others, and one loop's commands share a write.
    private static var loops: Int { min(max(1, System.coreCount / 2), 4) }

    private static func limits(_ settings: Settings, _ logger: Logger) -> ServerLimits {
        var limits = ServerLimits()
        limits.shutdownGrace = settings.shutdown
        limits.connections = OpenFiles.room(for: settings.maxConnections, beside: settings.concurrency, logger)
        limits.requestsInFlight = settings.maxRequests
        limits.socket.finishDeadline = settings.shutdown
        return limits
    }

    private static func startRedis(_ settings: Settings, logger: Logger) async throws -> EmbeddedRedis? {
        guard settings.redis == nil else { return nil }
        return try await EmbeddedRedis.start(dataDirectory: settings.dataDirectory, logger: logger)
    }

    /// Unique to this run of the process, and readable in the records that it holds.
    private static func identity() -> RedisTaskStore.Instance {
        let host = ProcessInfo.processInfo.hostName
        let readable = host.unicodeScalars.prefix(32).map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? String(scalar) : "-"
        }
        let run = String(UInt32.random(in: .min ... .max), radix: 16)
        return RedisTaskStore.Instance(
            id: "\(readable.joined())-\(ProcessInfo.processInfo.processIdentifier)-\(run)", host: host,
            version: Kefu.version, startedAtMs: Int64(Date().timeIntervalSince1970 * 1000))
    }

    /// Runs until it is told to stop, then ends everything in order.
    func run(until stop: StopSignal, then started: StartNotice) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: (services + [started]).map { .init(service: $0) }, logger: logger))
        stop.whenTold { Task { await group.triggerGracefulShutdown() } }
        let outcome: Result<Void, any Error>
        do {
            // Where replies come in: an attempt changes no thread between Redis and its socket.
            try await withTaskExecutorPreference(LoopExecutor(self.group.next())) { try await group.run() }
            outcome = .success(())
        } catch { outcome = .failure(error) }
        await redis.close()
        await embedded?.leave()
        transport.shutdown()
        // The event loops end with the process.
        try outcome.get()
    }
}

/// The services that keep tasks moving, and what they share.
private struct Engine {
    let executor: Executor
    let services: [any Service]

    /// A delivery may take so long, and has to end before another instance may claim the callback.
    private static func callbackTimeout(_ settings: Settings) -> Duration {
        min(HTTPRequest.usualTimeout, max(settings.lease, settings.gatewayTimeout + .seconds(5)) - .seconds(1))
    }

    init(
        _ settings: Settings, store: RedisTaskStore, transport: CurlTransport, socket: SocketGateway?,
        grace: GracePeriod, metrics: EngineMetrics, logger: Logger
    ) {
        let policy = RetryPolicy(base: settings.retryBase)
        let alarm = Alarm()
        let courier = CallbackCourier(
            store: store,
            transport: settings.callbackTransport(timeout: Self.callbackTimeout(settings), over: transport),
            policy: policy, alarm: alarm, grace: grace, metrics: metrics, logger: logger)
        let gateway: any MessageGateway =
            if let socket { socket } else { settings.gateway(over: transport) ?? LoggingGateway(logger: logger) }
        let executor = Executor(
            store: store, gateway: gateway, courier: courier, alarm: alarm, policy: policy,
            terms: LeaseTerms(length: settings.lease), capacity: settings.concurrency, grace: grace,
            metrics: metrics, logger: logger)
        self.executor = executor
        services = [
            Heartbeat(store: store, running: { executor.running }, logger: logger), courier, executor,
            Sweeper(store: store, executor: executor, courier: courier, alarm: alarm, logger: logger),
        ]
    }
}

/// Keeps the embedded Redis alive while the others run.
private struct EmbeddedRedisService: Service {
    let redis: EmbeddedRedis

    func run() async throws {
        // Ends with the shutdown; whether the last instance has gone is asked afterwards.
        await cancelWhenGracefulShutdown { await redis.run() }
    }
}
