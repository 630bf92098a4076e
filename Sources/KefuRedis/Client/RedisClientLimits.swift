import NIOCore

/// What one connection is allowed to cost, and how long it may take.
package struct RedisClientLimits: Sendable {
    /// From the moment a command is handed to the connection until its reply; then the connection is given up. Callers
    /// are answered within two seconds when Redis says nothing.
    package var replyDeadline = TimeAmount.milliseconds(1800)
    /// How much longer a reply may take while others do come: a Redis under load is slow, not gone.
    package var replyPatience = TimeAmount.seconds(6)
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
    /// Commands without a reply beyond which calls that are not urgent (``RedisScript/isUrgent``) are refused: a
    /// quarter, so that what ends work always finds room, and several instances fit one Redis.
    package var crowdedCommands = 16_384
    /// They are also refused while the oldest command has waited for so long ...
    package var crowdedAge = TimeAmount.milliseconds(500)
    /// ... and at least so many wait: a stall with few behind it is waited out.
    package var crowd = 64
    /// Encoded bytes of commands without a reply.
    package var pendingBytes = 128 << 20
    /// Bytes of one reply, parsed or not.
    package var replyBytes = 64 << 20
    /// Elements of all arrays of one reply.
    package var replyElements = 1 << 20

    package init() {}
}
