import KefuCore
import KefuSocket
import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Opens one connection to the platform: socket, TLS, handshake.
struct Dialer: Sendable {
    let options: ConnectorOptions
    let eventLoop: any EventLoop
    let executor: any TaskExecutor
    let dialect: any PlatformDialect
    let tls: NIOSSLContext?
    let logger: Logger

    init(
        _ options: ConnectorOptions, eventLoop: any EventLoop, executor: any TaskExecutor,
        dialect: any PlatformDialect, logger: Logger
    ) throws {
        self.options = options
        self.eventLoop = eventLoop
        self.executor = executor
        self.dialect = dialect
        self.logger = logger
        tls = options.address.isEncrypted ? try Self.tlsContext(options) : nil
    }

    private static func tlsContext(_ options: ConnectorOptions) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let file = options.authorities { configuration.trustRoots = .file(file) }
        return try NIOSSLContext(configuration: configuration)
    }

    /// Ends at once when its task is cancelled; then, and without the lease, nothing more is said to the platform.
    ///
    /// - Returns: the connection, its handshake done.
    func dial(_ holding: ConnectorHolding, intake: any SocketIntake) async throws(ConnectorFailure) -> OpenSocket {
        let shaken = eventLoop.makePromise(of: Void.self)
        do {
            return try await withTaskCancellationHandler {
                try await open(holding, intake, shaken).get()
            } onCancel: {
                shaken.fail(ConnectorFailure.abandoned)
            }
        } catch let failure as ConnectorFailure {
            throw failure
        } catch {
            throw .unreachable(AnswerExcerpt.of(Array("\(error)".utf8)))
        }
    }

    private func open(
        _ holding: ConnectorHolding, _ intake: any SocketIntake, _ shaken: EventLoopPromise<Void>
    ) -> EventLoopFuture<OpenSocket> {
        let done = eventLoop.makePromise(of: OpenSocket.self)
        eventLoop.execute {
            let session = SocketSession(
                role: .client, dialect: dialect, intake: intake, executor: executor, limits: options.limits,
                opening: (options.hello.map { [$0] } ?? []) + dialect.signIn, logger: logger)
            let limit = eventLoop.scheduleTask(in: TimeAmount(options.handshake)) {
                shaken.fail(ConnectorFailure.timedOut)
            }
            let lastFrame = session.lastFrame
            let bound = NIOLoopBound(session, eventLoop: eventLoop)
            bootstrap(holding, bound, shaken).connect(host: options.address.host, port: options.address.port)
                .cascadeFailure(to: shaken)
            shaken.futureResult.whenComplete { result in
                limit.cancel()
                switch result {
                case .success: done.succeed(OpenSocket(session: bound, eventLoop: eventLoop, lastFrame: lastFrame))
                case .failure(let error): done.fail(error)
                }
            }
        }
        return done.futureResult
    }

    private func bootstrap(
        _ holding: ConnectorHolding, _ session: NIOLoopBound<SocketSession>, _ shaken: EventLoopPromise<Void>
    ) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(options.handshake))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                // Also one that is still being connected.
                shaken.futureResult.whenFailure { _ in channel.close(promise: nil) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = Self.isAddress(options.address.host) ? nil : options.address.host
                        try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    let handshake = ClientHandshake(options, holding, session: session.value, done: shaken)
                    try ClientHandshake.join(pipeline, handshake)
                }
            }
    }

    /// Addresses have no name to ask TLS for.
    private static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil  // A name is no error here.
    }
}

/// A connection to the platform whose handshake is done. May be used from any thread.
struct OpenSocket: Sendable {
    let session: NIOLoopBound<SocketSession>
    let eventLoop: any EventLoop
    let lastFrame: LastFrame

    /// Returns when the connection is closed and nothing of it is under way.
    func ended() async -> SocketClose? {
        let session = session
        let future = eventLoop.flatSubmit { [eventLoop] in session.value.ended(on: eventLoop) }
        // It never fails: see SocketSession.ended(on:).
        return (try? await future.get()) ?? nil
    }

    /// See ``SocketSession/watch(_:)``.
    func watch(_ told: @escaping @Sendable (Bool) -> Void) { onLoop { $0.watch(told) } }

    func finish(_ close: SocketClose) { onLoop { $0.finish(close) } }

    func drop() { onLoop { $0.drop() } }

    func ask(
        _ frame: [UInt8], id: String, within limit: Duration, maySend: @escaping @Sendable () -> Bool,
        then done: @escaping @Sendable (AskOutcome) -> Void
    ) {
        onLoop { $0.ask(frame, id: id, within: limit, maySend: maySend, then: done) }
    }

    func forget(_ id: String) { onLoop { $0.forget(id) } }

    private func onLoop(_ body: @escaping @Sendable (SocketSession) -> Void) {
        let session = session
        if eventLoop.inEventLoop { return body(session.value) }
        eventLoop.execute { body(session.value) }
    }
}
