import NIOCore

/// Every limit of a WebSocket connection. What exceeds one ends the connection or stops the reading; nothing grows
/// without bound.
package struct SocketLimits: Sendable {
    /// Bytes of one message, fragmented or not; more is close code 1009.
    package var message = 256 * 1024
    /// Frames of one message, empty ones too; more is close code 1008: each costs as much as a message.
    package var fragments = 1024
    /// Events that one call to the store applies.
    package var batch = 256
    /// Events read and not yet applied; then nothing more is read. What one read of the socket brings comes on top.
    package var pendingEvents = 512
    /// Bytes of the frames of those events.
    package var pendingBytes = 1024 * 1024
    /// Bytes that a connection may hold without asking the budget that it shares with others, see ``SocketBudget``.
    package var uncountedBytes = 16 * 1024
    /// After so long without a sound the peer is asked for one, and after as long again given up.
    package var ping = Duration.seconds(15)
    /// For the peer to take what was written, once that no longer fits into the channel's buffer.
    package var answerDeadline = Duration.seconds(30)
    /// For events under way when the connection ends.
    package var finishDeadline = Duration.seconds(20)
    /// When nothing has been read for so long, actions are not asked for: their answers could not be heard.
    package var deafness = Duration.seconds(1)
    /// The most that an action's time limit grows by because its answer could not be heard.
    package var longestDeafness = Duration.seconds(300)
    /// For the peer's close frame behind ours.
    package var lingerDeadline = Duration.seconds(1)

    package init() {}

    /// How often a connection looks whether one of its times has passed.
    var look: TimeAmount { TimeAmount(min(max(ping / 4, .milliseconds(20)), .seconds(1))) }
}

/// What a connection ends with (RFC 6455, 7.4).
package struct SocketClose: Sendable, Equatable {
    package var code: UInt16
    /// At most 123 bytes of UTF-8.
    package var reason: String

    package init(_ code: UInt16, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    package static let done = SocketClose(1000)
    package static let leaving = SocketClose(1001, "going away")
    package static let protocolError = SocketClose(1002, "protocol error")
    package static let binary = SocketClose(1003, "text messages only")
    package static let brokenText = SocketClose(1007, "not UTF-8")
    package static let tooManyFragments = SocketClose(1008, "too many fragments")
    package static let tooBig = SocketClose(1009, "the message exceeds the limit")
    package static let overloaded = SocketClose(1013, "overloaded, come again later")
    package static let defect = SocketClose(1011, "internal error")

    /// Codes that a close frame may carry (RFC 6455, 7.4.1 and 7.4.2, and the registry of IANA).
    static func isValid(_ code: UInt16) -> Bool {
        (1000...1014).contains(code) && ![1004, 1005, 1006].contains(code) || (3000...4999).contains(code)
    }
}

/// On which side of the handshake a connection's owner stands.
package enum SocketRole: Sendable {
    /// Takes masked frames only, and writes them plain.
    case server
    /// The other way round.
    case client
}
