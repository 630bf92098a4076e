/// Where Redis is and how to sign in: what `REDIS_URL` says.
package struct RedisEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        /// A name or an IP address without brackets.
        case tcp(host: String, port: Int)
        case unixSocket(path: String)
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

    /// Why an endpoint cannot be used: one English line without secrets that says what is allowed.
    package struct Unusable: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String

        package init(_ description: String) { self.description = description }
    }
}

extension RedisEndpoint: CustomStringConvertible {
    /// As a URL, with the password hidden.
    package var description: String {
        let login = password == nil ? "" : "\(user ?? ""):***@"
        switch address {
        case .tcp(let host, let port):
            let shownHost = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
            return "\(tls == nil ? "redis" : "rediss")://\(login)\(shownHost):\(port)/\(database)"
        case .unixSocket(let path):
            return "unix://\(login)\(path)\(database == 0 ? "" : "?db=\(database)")"
        }
    }
}
