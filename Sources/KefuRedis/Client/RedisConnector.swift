import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Opens channels to one server. Names are resolved anew each time.
struct RedisConnector: Sendable {
    /// Never sentinels as such: to ask one of them, its own address.
    private(set) var address: RedisEndpoint.Address
    /// What a new connection does first.
    let login: RedisLogin
    let limits: RedisClientLimits
    private let tls: NIOSSLContext?

    init(
        _ endpoint: RedisEndpoint, login: RedisLogin, limits: RedisClientLimits
    ) throws(RedisEndpoint.Unusable) {
        self.address = endpoint.address
        self.login = login
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

    /// The same to another server.
    func moved(to address: RedisEndpoint.Address) -> RedisConnector {
        var connector = self
        connector.address = address
        return connector
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
            switch address {
            case .tcp(let host, let port): bootstrap.connect(host: host, port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            case .sentinels: preconditionFailure("a group of sentinels is no server")
            }
        channel.whenFailure { error in bound.value.close("cannot connect to \(address): \(Self.text(of: error))") }
    }

    /// The name that the certificate must carry; nil for an IP address, which is checked as such.
    private var serverName: String? {
        guard case .tcp(let host, _) = address else { return nil }
        do {
            _ = try SocketAddress(ipAddress: host, port: 0)
            return nil
        } catch {
            // Not an address, so it is a name.
            return host
        }
    }

    /// NIO lists every address it has tried and how; the causes are what people need.
    private static func text(of error: any Error) -> String {
        guard let attempts = error as? NIOConnectionError else { return cause(error) }
        var causes: [String] = []
        for cause in attempts.connectionErrors.map({ cause($0.error) })
            + [attempts.dnsAError, attempts.dnsAAAAError].compactMap({ $0.map { cause($0) } })
        where !causes.contains(cause) { causes.append(cause) }
        return causes.joined(separator: "; ")
    }

    /// Of the operating system's errors its own words, without NIO's about the call.
    private static func cause(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return "\(String(cString: strerror(error.errnoCode))) (errno: \(error.errnoCode))"
    }
}
