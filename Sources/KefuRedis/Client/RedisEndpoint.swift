/// Where Redis is and how to sign in: what `REDIS_URL` says.
package struct RedisEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        /// A name or an IP address without brackets.
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
        /// Wherever these say that the primary is at the moment.
        case sentinels(SentinelGroup)
    }

    package struct TLS: Sendable, Equatable {
        /// A PEM file with the authorities to trust; nil: the system's.
        package var caPath: String?

        package init(caPath: String? = nil) { self.caPath = caPath }
    }

    package var address: Address
    package var tls: TLS?
    /// nil: Redis's `default` user.
    package var user: String?
    package var password: String?
    package var database: Int

    package static let defaultPort = 6379
    /// What Linux's `sockaddr_un` holds, less its final zero byte.
    package static let longestSocketPath = 107

    package init(
        address: Address, tls: TLS? = nil, user: String? = nil, password: String? = nil, database: Int = 0
    ) {
        self.address = address
        self.tls = tls
        self.user = user
        self.password = password
        self.database = database
    }

    /// Whether sentinels say where it is.
    package var isWatched: Bool { if case .sentinels = address { true } else { false } }

    /// Why an endpoint cannot be used: one English line without secrets that says what is allowed.
    package struct Unusable: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String

        package init(_ description: String) { self.description = description }
    }
}

extension RedisEndpoint: CustomStringConvertible {
    /// As a URL, with the passwords hidden.
    package var description: String {
        let login = password == nil ? "" : "\(user ?? ""):***@"
        switch address {
        case .tcp:
            return "\(tls == nil ? "redis" : "rediss")://\(login)\(address)/\(database)"
        case .unixSocket:
            return "unix://\(login)\(address)\(database == 0 ? "" : "?db=\(database)")"
        case .sentinels(let group):
            let hidden = group.password == nil ? "" : "?sentinel_password=***"
            return "\(tls == nil ? "redis" : "rediss")+sentinel://\(login)\(group)/\(database)\(hidden)"
        }
    }
}

extension RedisEndpoint.Address: CustomStringConvertible {
    /// As it stands in a URL.
    package var description: String {
        switch self {
        case .tcp(let host, let port): "\(host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host):\(port)"
        case .unixSocket(let path): path
        case .sentinels(let group): "\(group)"
        }
    }
}
