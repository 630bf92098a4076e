/// The port to what makes one of all instances the holder of the connection to the platform: a lease with a fencing
/// token.
package protocol ConnectorLease: Sendable {
    /// Takes the lease when nobody holds it, prolongs it when this instance does under `token`.
    ///
    /// - Parameters:
    ///   - token: nil, or what this instance holds. With nil a lease of this very instance is taken anew: it has only
    ///     one connector, so what it held was lost with an answer.
    ///   - length: from now on, by the store's clock.
    ///   - connection: what people are told about it.
    func holdConnector(
        token: Int64?, length: Duration, connection: ConnectorState
    ) async throws(StoreError) -> ConnectorHold

    /// Gives the lease up, so that another instance can take it at once. Fenced: one that is lost stays lost.
    func releaseConnector(token: Int64) async throws(StoreError)
}

package enum ConnectorHold: Sendable, Equatable {
    /// - Parameter token: greater than every one before it.
    case held(token: Int64)
    /// Another instance holds it, for so long.
    case other(left: Duration)
}

/// How the connection stands, for people.
package struct ConnectorState: Sendable, Equatable {
    /// The platform's address, without secrets.
    package var peer: String
    package var isConnected: Bool
    /// Since the last frame came; nil: none yet.
    package var silence: Duration?

    package init(peer: String, isConnected: Bool = false, silence: Duration? = nil) {
        self.peer = peer
        self.isConnected = isConnected
        self.silence = silence
    }
}
