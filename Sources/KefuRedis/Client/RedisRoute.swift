/// The way to the server that is meant: a fixed address, or wherever the sentinels say that the primary is.
struct RedisRoute: Sendable {
    /// What a new connection must find.
    enum Role: Sendable {
        case any
        /// A primary, unless the server does not tell: some that stand in for Redis, and users without `+role`.
        case primaryIfTold
        case primary
    }

    /// To the fixed address; with sentinels, to be moved to where they point.
    let server: RedisConnector
    /// Empty for a fixed address.
    let sentinels: [RedisConnector]
    /// The name that the sentinels know the primary by; empty for a fixed address.
    let primary: String
    let limits: RedisClientLimits

    init(
        _ endpoint: RedisEndpoint, scripts: [RedisScript] = [], name: String, role: Role = .any,
        limits: RedisClientLimits = RedisClientLimits()
    ) throws(RedisEndpoint.Unusable) {
        self.limits = limits
        guard case .sentinels(let group) = endpoint.address else {
            let login = RedisLogin(endpoint, scripts: scripts, name: name, role: role)
            server = try RedisConnector(endpoint, login: login, limits: limits)
            sentinels = []
            primary = ""
            return
        }
        // With sentinels never another: an address can be out of date the moment it is told.
        let login = RedisLogin(endpoint, scripts: scripts, name: name, role: .primary)
        server = try RedisConnector(endpoint, login: login, limits: limits)
        primary = group.primary
        var short = limits
        short.connectTimeout = limits.sentinelTime
        short.replyDeadline = limits.sentinelTime
        var sentinels: [RedisConnector] = []
        for endpoint in group.endpoints {
            let question = RedisLogin(asking: endpoint, forPrimary: group.primary)
            sentinels.append(try RedisConnector(endpoint, login: question, limits: short))
        }
        self.sentinels = sentinels
    }
}
