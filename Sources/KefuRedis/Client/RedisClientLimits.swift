import NIOCore

/// What one connection is allowed to cost, and how long it may take.
package struct RedisClientLimits: Sendable {
    /// From the moment a command is handed to the connection until its reply; then the connection is given up. Callers
    /// are answered within two seconds, whatever Redis does.
    package var replyDeadline = TimeAmount.milliseconds(1800)
    /// TCP and TLS.
    package var connectTimeout = TimeAmount.seconds(2)
    /// A connection without traffic for so long is asked for a `PONG`, so that half-open ones are found.
    package var idlePing = TimeAmount.seconds(5)
    /// The pause before the first attempt to connect again; each next one is twice as long.
    package var firstBackoff = TimeAmount.milliseconds(50)
    package var longestBackoff = TimeAmount.milliseconds(400)
    /// For each sentinel to be connected to, and as long again to answer.
    package var sentinelTime = TimeAmount.milliseconds(500)
    /// How often a connection asks the sentinels whether its server is still the primary. A fail-over is usually
    /// noticed earlier, because the connection breaks.
    package var primaryCheck = TimeAmount.seconds(5)
    /// Commands without a reply; about what Redis can execute within ``replyDeadline``.
    package var pendingCommands = 65_536
    /// Encoded bytes of commands without a reply.
    package var pendingBytes = 128 << 20
    /// Bytes of one reply, parsed or not.
    package var replyBytes = 64 << 20
    /// Elements of all arrays of one reply.
    package var replyElements = 1 << 20

    package init() {}
}
