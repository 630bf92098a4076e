/// The sentinels that watch over one primary, and how to sign in to them: what `redis+sentinel://` says beyond the
/// primary's own login.
package struct SentinelGroup: Sendable, Equatable {
    package struct Host: Sendable, Equatable {
        /// A name or an IP address without brackets.
        package var name: String
        package var port: Int

        package init(_ name: String, _ port: Int = SentinelGroup.defaultPort) {
            self.name = name
            self.port = port
        }
    }

    package static let defaultPort = 26379
    /// Three or five are usual; each costs up to ``RedisClientLimits/sentinelTime`` while none answers.
    package static let most = 16

    /// 1–``most``.
    package var hosts: [Host]
    /// The primary's, as the sentinels' `monitor` calls it.
    package var primary: String
    /// nil: the sentinels' `default` user.
    package var user: String?
    package var password: String?
    package var tls: RedisEndpoint.TLS?

    package init(
        hosts: [Host], primary: String, user: String? = nil, password: String? = nil, tls: RedisEndpoint.TLS? = nil
    ) {
        self.hosts = hosts
        self.primary = primary
        self.user = user
        self.password = password
        self.tls = tls
    }

    /// How each of them is reached.
    var endpoints: [RedisEndpoint] {
        hosts.map { host in
            RedisEndpoint(address: .tcp(host: host.name, port: host.port), tls: tls, user: user, password: password)
        }
    }
}

extension SentinelGroup: CustomStringConvertible {
    /// As it stands in a URL, without the login.
    package var description: String {
        endpoints.map { "\($0.address)" }.joined(separator: ",") + "/\(primary)"
    }
}

extension SentinelGroup {
    /// What a URL may say behind its `?`.
    struct Parameters {
        var user: String?
        var password: String?
        var usesTLS: Bool?

        private static let allowed = "allowed are sentinel_user, sentinel_password and sentinel_tls=yes or no"

        /// - Parameter query: without its `?`. No complaint shows a value.
        init(_ query: Substring) throws(RedisEndpoint.Unusable) {
            var seen: Set<Substring> = []
            for pair in query.split(separator: "&", omittingEmptySubsequences: false) where !query.isEmpty {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[1].isEmpty else {
                    throw RedisEndpoint.Unusable("a parameter without a value: \(Self.allowed)")
                }
                guard seen.insert(parts[0]).inserted else {
                    throw RedisEndpoint.Unusable("a parameter twice: \(Self.allowed)")
                }
                try set(parts[0], parts[1])
            }
            guard user == nil || password != nil else {
                throw RedisEndpoint.Unusable("sentinel_user without sentinel_password: \(Self.allowed)")
            }
        }

        private mutating func set(_ name: Substring, _ value: Substring) throws(RedisEndpoint.Unusable) {
            switch (name, value) {
            case ("sentinel_user", _): user = try RedisEndpoint.decode(value, as: "sentinel_user")
            case ("sentinel_password", _): password = try RedisEndpoint.decode(value, as: "sentinel_password")
            case ("sentinel_tls", "yes"): usesTLS = true
            case ("sentinel_tls", "no"): usesTLS = false
            default: throw RedisEndpoint.Unusable("an unknown parameter or value: \(Self.allowed)")
            }
        }
    }
}
