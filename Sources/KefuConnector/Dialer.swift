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

    /// - Returns: the connection, its handshake done.
    func dial(token: Int64, intake: any SocketIntake) async throws(ConnectorFailure) -> OpenSocket {
        do {
            return try await open(token, intake).get()
        } catch let failure as ConnectorFailure {
            throw failure
        } catch {
            throw .unreachable(AnswerExcerpt.of(Array("\(error)".utf8)))
        }
    }

    private func open(_ token: Int64, _ intake: any SocketIntake) -> EventLoopFuture<OpenSocket> {
        let done = eventLoop.makePromise(of: OpenSocket.self)
        eventLoop.execute {
            let session = SocketSession(
                role: .client, dialect: dialect, intake: intake, executor: executor, limits: options.limits,
                opening: (options.hello.map { [$0] } ?? []) + dialect.signIn, logger: logger)
            let shaken = eventLoop.makePromise(of: Void.self)
            let limit = eventLoop.scheduleTask(in: TimeAmount(options.handshake)) {
                shaken.fail(ConnectorFailure.timedOut)
            }
            let lastFrame = session.lastFrame
            let bound = NIOLoopBound(session, eventLoop: eventLoop)
            let channel = bootstrap(token, bound, shaken).connect(
                host: options.address.host, port: options.address.port)
            channel.cascadeFailure(to: shaken)
            shaken.futureResult.whenComplete { result in
                limit.cancel()
                switch result {
                case .success: done.succeed(OpenSocket(session: bound, eventLoop: eventLoop, lastFrame: lastFrame))
                case .failure(let error):
                    channel.whenSuccess { $0.close(promise: nil) }
                    done.fail(error)
                }
            }
        }
        return done.futureResult
    }

    private func bootstrap(
        _ token: Int64, _ session: NIOLoopBound<SocketSession>, _ shaken: EventLoopPromise<Void>
    ) -> ClientBootstrap {
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(options.handshake))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = Self.isAddress(options.address.host) ? nil : options.address.host
                        try pipeline.addHandler(try NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    let handshake = ClientHandshake(options, token: token, session: session.value, done: shaken)
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
