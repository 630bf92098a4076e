import KefuSocket

/// How the platform is connected to.
package struct ConnectorOptions: Sendable {
    package var address: ConnectorAddress
    /// Sent with the handshake: a name must be a token, a value visible ASCII and spaces.
    package var headers: [(name: String, value: String)] = []
    package var subprotocol: String?
    /// The first frame, before those of the dialect.
    package var hello: [UInt8]?
    /// PEM file of the authorities that a `wss://` certificate may come from; nil: the system's.
    package var authorities: String?
    /// How soon after the holder's death another instance has connected.
    package var lease = Duration.seconds(5)
    /// For the socket, TLS and the handshake.
    package var handshake = Duration.seconds(10)
    /// Between two attempts: the first pause, doubled each time, and the longest. Each is spread by half of itself.
    package var firstPause = Duration.milliseconds(250)
    package var longestPause = Duration.seconds(30)
    /// How often an instance without the lease asks for it, at most.
    package var look = Duration.milliseconds(250)
    package var limits = SocketLimits()

    package init(address: ConnectorAddress) { self.address = address }
}
