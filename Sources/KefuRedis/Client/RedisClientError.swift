/// Why a command has no reply.
package enum RedisClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The command was certainly not executed: there is no connection, or no room for more commands.
    case unavailable(String)
    /// The connection was lost, or the reply did not come in time, after the command was sent: it may have been
    /// executed, or may still be. Nothing is ever sent again by the client.
    case outcomeUnknown(String)

    package var reason: String {
        switch self {
        case .unavailable(let reason), .outcomeUnknown(let reason): reason
        }
    }

    package var description: String {
        switch self {
        case .unavailable(let reason): "Redis is unavailable: \(reason)"
        case .outcomeUnknown(let reason): "the outcome of a Redis command is unknown: \(reason)"
        }
    }
}
