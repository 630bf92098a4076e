import KefuSocket

/// Every limit of the HTTP front. What exceeds one is refused early, or waits a moment; nothing grows without bound.
package struct ServerLimits: Sendable {
    /// Bytes of a request's body.
    package var body = 256 * 1024
    /// Bytes of a batch's body.
    package var batchBody = 4 * 1024 * 1024
    /// Bytes of a request target; more is 414.
    package var target = 8 * 1024
    /// Bytes of all header fields, names, values and separators; more is 431.
    package var headers = 16 * 1024
    /// Header fields of one request; more is 431.
    package var headerFields = 100
    /// Query parameters of one request; more is 400.
    package static let queryParameters = 64
    /// Bytes of a query parameter whose text is not looked at closely.
    package static let queryText = 1_024

    /// From a request's first byte, or the accept, to the end of its headers; absolute, so one byte now and then
    /// does not extend it.
    package var headerDeadline = Duration.seconds(10)
    /// From a request's first byte to its last.
    package var requestDeadline = Duration.seconds(30)
    /// For the peer to take what was written, once that no longer fits into the channel's buffer.
    package var answerDeadline = Duration.seconds(30)
    /// Between two requests of a connection.
    package var keepAlive = Duration.seconds(60)
    /// How long a connection that was answered for the last time waits for the peer to close it, so that the answer
    /// is not lost to a reset.
    package var lingerDeadline = Duration.seconds(1)

    /// Bytes of a refused body that are read and dropped to keep the connection.
    package var discardedBody = 64 * 1024
    /// Bytes that are dropped unseen behind the last answer of a connection, so that a peer still sending can read it.
    package var lingeringBytes = 8 * 1024 * 1024
    /// Bytes of all bodies of more than ``reservedBody`` being read at once, and of what WebSocket connections have
    /// read and not yet applied.
    package var bufferedBodies = 256 * 1024 * 1024
    /// Bodies up to this size are not counted against ``bufferedBodies``; bytes.
    package var reservedBody = 16 * 1024
    /// Bytes of all answers that wait for slow readers; see ``LoadClass`` for who is refused first.
    package var unsentAnswers = 256 * 1024 * 1024

    /// Connections at once; then no more are accepted until one closes.
    package var connections = 10_000
    /// Requests being answered at once on one instance; see ``LoadClass`` for who is refused first.
    package var requestsInFlight = 1_000
    /// How long a request waits for room among ``requestsInFlight`` before it is refused.
    package var patience = Duration.milliseconds(250)

    /// Requests without a valid token, in a row on one connection; the answer to the last one closes it.
    package var failedTokens = 20

    /// Of each WebSocket connection.
    package var socket = SocketLimits()
    /// Batches of events with the store at once, of all WebSocket connections of one event loop; the others wait for
    /// their turn. Two keep the store busy.
    package var socketBatches = 2
    /// Bytes that are read of a WebSocket connection before it is another's turn.
    package var socketRead = 32 * 1024

    /// How long a draining server keeps idle connections open for a request that is on its way already.
    package var idleGrace = Duration.milliseconds(50)
    /// After that long a draining server cuts what is left.
    package var shutdownGrace = Duration.seconds(20)

    package init() {}
}
