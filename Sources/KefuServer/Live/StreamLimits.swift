/// What the live stream may cost one instance.
package struct StreamLimits: Sendable {
    /// Who may listen at once; more are refused.
    package var listeners = 200
    /// Bytes that wait for one listener; one that is slower is dropped.
    package var queuedBytes = 256 * 1024
    /// Bytes that wait for all listeners together.
    package var queuedBytesOfAll = 16 * 1024 * 1024
    /// Changes that are read or written in one go.
    package var page = 500
    /// Bytes that are written in one go, or a little more.
    package var part = 16 * 1024
    /// Between two reads of what comes: changes are told together that are made within it.
    package var pace = Duration.milliseconds(20)
    /// Before Redis is asked again after it has failed.
    package var retryPause = Duration.milliseconds(100)
    /// A sign of life for everything in between that cuts silent connections.
    package var heartbeat = Duration.seconds(15)
    /// Between two statistics.
    package var stats = Duration.seconds(2)
    /// Bytes of a `Last-Event-ID` that are repeated in the answer to a wrong one.
    package static let shownID = 64
    /// Told to clients: milliseconds before they come again.
    static let reconnectMs = 1_000
    /// The same when the instance stops: the others are there.
    static let reconnectElsewhereMs = 100

    package init() {}
}
