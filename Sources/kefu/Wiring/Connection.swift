import KefuConnector
import KefuCore
import KefuEngine
import KefuRedis
import KefuServer
import Logging
import NIOPosix
import ServiceLifecycle

/// The connection to the customer-service platform, where the settings name one, and its place among the services.
struct Connection {
    /// How frames are understood, on connections of either direction.
    let dialect: any PlatformDialect
    /// Actions over the connection; nil when they go another way.
    let gateway: SocketGateway?

    init(_ settings: Settings, reader: RequestReader) {
        let dialect = settings.frameDialect(reader: reader)
        self.dialect = dialect
        gateway =
            settings.gatewayIsConnector
            ? SocketGateway(dialect: dialect, timeout: settings.gatewayTimeout) : nil
    }

    /// The engine's services and, in its place among them, the connector: services stop from the last to the first.
    /// Actions that still wait for their answers need the connection; without such it is handed over at once.
    func services(
        _ settings: Settings, store: RedisTaskStore, executor: Executor, beside engine: [any Service],
        on group: MultiThreadedEventLoopGroup, logger: Logger
    ) throws -> [any Service] {
        guard var options = settings.connector else { return engine }
        options.limits.finishDeadline = settings.shutdown
        let loop = group.next()
        let carriesActions = gateway != nil
        let ready: @Sendable (Bool) -> Void = { isReady in if carriesActions { executor.pause(!isReady) } }
        let connector: Connector
        do {
            connector = try Connector(
                options, lease: store, intake: TaskIntake(store: store, executor: executor), dialect: dialect,
                gateway: gateway, eventLoop: loop, executor: LoopExecutor(loop), logger: logger,
                ready: ready)
        } catch {
            throw SettingError(
                name: .connectorCA, value: options.authorities, allowed: "must be a PEM file of certificates: \(error)")
        }
        guard carriesActions else { return engine + [connector] }
        executor.pause(true)
        return [connector] + engine
    }
}
