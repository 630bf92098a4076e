import Glibc
import Logging
import Metrics
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Why the HTTP front could not start or had to stop.
package enum ServerError: Error, Sendable, CustomStringConvertible {
    /// The address is in use, not ours, or not to be resolved.
    case cannotListen(host: String, port: Int, cause: String)
    /// The certificate or the key cannot be read, or they do not belong together.
    case badCertificate(cause: String)
    /// The listener closed although nobody asked for it.
    case listenerClosed

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause): "cannot listen on \(host):\(port): \(cause)"
        case .badCertificate(let cause): "cannot use the TLS certificate and key: \(cause)"
        case .listenerClosed: "the listener closed unexpectedly"
        }
    }
}

/// Where a server listens.
package struct ListenAddress: Sendable {
    package var host: String
    /// 0 lets the system choose.
    package var port: Int

    package init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }
}

/// PEM files that make the front speak HTTPS.
package struct TLSFiles: Sendable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// The HTTP/1.1 front, each connection on one of the group's event loops. Graceful shutdown stops accepting, answers
/// what is in flight with `Connection: close`, and cuts what is left after ``ServerLimits/shutdownGrace``.
package final class HTTPServer: Service {
    private let group: MultiThreadedEventLoopGroup
    private let address: ListenAddress
    private let tls: TLSFiles?
    private let context: ServerContext
    private let loops: [ObjectIdentifier: LoopResources]
    private let listening: EventLoopPromise<Int>
    /// Connections that one turn of an event loop accepts at most.
    private static let acceptsPerTurn = 64

    /// - Parameters:
    ///   - drain: set when the shutdown begins; whoever knows earlier may set it before.
    ///   - metrics: makes what counts requests.
    package init(
        group: MultiThreadedEventLoopGroup, address: ListenAddress, router: Router,
        access: AccessControl = AccessControl(), limits: ServerLimits = ServerLimits(), tls: TLSFiles? = nil,
        drain: DrainSignal = DrainSignal(), metrics: any MetricsFactory = NOOPMetricsHandler.instance, logger: Logger
    ) {
        self.group = group
        self.address = address
        self.tls = tls
        context = ServerContext(
            check: HeadCheck(router: router, access: access, limits: limits), drain: drain, metrics: metrics,
            logger: logger)
        var loops: [ObjectIdentifier: LoopResources] = [:]
        for loop in group.makeIterator() { loops[ObjectIdentifier(loop)] = LoopResources(loop, context) }
        self.loops = loops
        listening = group.any().makePromise()
    }

    deinit { listening.fail(ServerError.listenerClosed) }

    /// The port that the server listens on, as soon as it does; the error of a start that failed.
    package func port() async throws -> Int { try await listening.futureResult.get() }

    /// How many requests are being answered at this moment.
    package var requestsInFlight: Int { context.admission.inFlight }

    /// How many wait until fewer are being answered.
    package var requestsWaiting: Int { context.admission.waitingRequests }

    package func run() async throws {
        let quiescing = ServerQuiescingHelper(group: group)
        let listener = try await listen(quiescing)
        let port = listener.localAddress?.port ?? address.port
        context.logger.info(
            "HTTP server listening", metadata: ["host": "\(address.host)", "port": "\(port)", "tls": "\(tls != nil)"])
        let allClosed = listener.eventLoop.makePromise(of: Void.self)
        let stop: @Sendable () -> Void = { [context] in
            guard context.stopping.begin() else { return }
            context.drain.begin()
            quiescing.initiateShutdown(promise: allClosed)
        }
        listening.succeed(port)
        await withTaskCancellationOrGracefulShutdownHandler {
            // The listener is closed by the shutdown; how, does not matter here.
            _ = try? await listener.closeFuture.get()
        } onCancelOrGracefulShutdown: {
            stop()
        }
        let wasAsked = context.stopping.isDraining
        stop()
        // Each connection bounds its own end; a listener that had to be closed twice is closed.
        _ = try? await allClosed.futureResult.get()
        context.logger.info("HTTP server stopped")
        guard wasAsked else { throw ServerError.listenerClosed }
    }

    private func listen(_ quiescing: ServerQuiescingHelper) async throws(ServerError) -> any Channel {
        do {
            let tlsContext = try tls.map(Self.tlsContext)
            return try await bootstrap(quiescing, tlsContext).bind(host: address.host, port: address.port).get()
        } catch let error as ServerError {
            listening.fail(error)
            throw error
        } catch {
            let error = ServerError.cannotListen(host: address.host, port: address.port, cause: Self.cause(of: error))
            listening.fail(error)
            throw error
        }
    }

    /// Of the operating system's words those that tell a person what to do.
    private static func cause(of error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        let text = String(cString: strerror(error.errnoCode))
        return error.errnoCode == EADDRINUSE
            ? "\(text): end the program that listens there, or set HTTP_API_PORT" : text
    }

    /// Whether the files can be used, before anything is started.
    package static func check(_ files: TLSFiles) throws(ServerError) { _ = try tlsContext(files) }

    private static func tlsContext(_ files: TLSFiles) throws(ServerError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map(NIOSSLCertificateSource.certificate)
            let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .badCertificate(cause: "\(error)")
        }
    }

    private func bootstrap(_ quiescing: ServerQuiescingHelper, _ tls: NIOSSLContext?) -> ServerBootstrap {
        let most = context.limits.connections
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4_096)
            // NIO's 4 a turn would let a crowd that comes at once wait for seconds while the first of it is served.
            // By one turn's the limit may be exceeded.
            .serverChannelOption(.maxMessagesPerRead, value: UInt(max(1, min(Self.acceptsPerTurn, most / 16))))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(quiescing.makeServerChannelHandler(channel: channel))
                    try pipeline.addHandler(AcceptBackoffHandler(shouldForwardIOErrorCaught: false))
                    try pipeline.addHandler(AcceptLimiter(most: most))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [context, loops] channel in
                channel.eventLoop.makeCompletedFuture {
                    let known = loops[ObjectIdentifier(channel.eventLoop)]
                    let loop = known ?? LoopResources(channel.eventLoop, context)
                    try Self.addHandlers(to: channel.pipeline.syncOperations, context, loop, tls)
                }
            }
    }

    static func addHandlers(
        to pipeline: ChannelPipeline.SynchronousOperations, _ context: ServerContext, _ loop: LoopResources,
        _ tls: NIOSSLContext?
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        // The parser counts the target among the fields. Its bounds lie above ours, so that ours find the right words.
        limits.maxHeaderFieldSize = context.limits.target + context.limits.headers
        limits.maxHeaderListSize = (context.limits.target + context.limits.headers) * 4 / 3
        limits.maxHeaderFieldCount = context.limits.headerFields
        // What stands behind a request for a WebSocket is its first frames.
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        let connection = HTTPConnection(server: context, loop: loop)
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        try pipeline.addHandler(ArrivalWatch(connection: connection))
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(connection)
    }
}
