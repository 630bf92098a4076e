import NIOCore
import NIOPosix
import NIOSSL

/// Opens channels to one endpoint. Names are resolved anew each time.
struct RedisConnector: Sendable {
    let endpoint: RedisEndpoint
    let scripts: [RedisScript]
    let name: String
    let limits: RedisClientLimits
    private let tls: NIOSSLContext?

    init(
        endpoint: RedisEndpoint, scripts: [RedisScript], name: String, limits: RedisClientLimits
    ) throws(RedisEndpoint.Unusable) {
        self.endpoint = endpoint
        self.scripts = scripts
        self.name = name
        self.limits = limits
        guard let settings = endpoint.tls else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let path = settings.caPath { configuration.trustRoots = .file(path) }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisEndpoint.Unusable("no usable authorities in '\(settings.caPath ?? "the system's")': \(error)")
        }
    }

    /// Connects on the connection's loop, and puts the connection behind the channel. A failure closes the connection.
    func open(_ connection: RedisConnection) {
        let eventLoop = connection.eventLoop
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(limits.connectTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
        let channel =
            switch endpoint.address {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        channel.whenFailure { error in bound.value.close("cannot connect: \(error)") }
    }

    /// The name that the certificate must carry; nil for an IP address, which is checked as such.
    private var serverName: String? {
        guard case .tcp(let host, _) = endpoint.address else { return nil }
        do {
            _ = try SocketAddress(ipAddress: host, port: 0)
            return nil
        } catch {
            // Not an address, so it is a name.
            return host
        }
    }
}
