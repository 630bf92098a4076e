/// Reads `REDIS_URL`: strictly, and without ever showing a password in a complaint.
extension RedisEndpoint {
    private static let allowed = """
        allowed are redis://[user:password@]host[:port][/database], rediss:// in the same form for TLS, \
        unix://[user:password@]/path/to.sock[?db=database], and redis+sentinel:// or rediss+sentinel:// with \
        [user:password@]sentinel[:port],sentinel[:port]/name[/database]; other characters percent-encoded
        """

    /// Reads a `REDIS_URL`.
    ///
    /// - Parameter caPath: the PEM file for `rediss://`; nil: the system's authorities.
    package init(url: String, caPath: String? = nil) throws(Unusable) {
        guard let colon = url.firstRange(of: "://") else { throw Unusable("no scheme: \(Self.allowed)") }
        let scheme = url[..<colon.lowerBound].lowercased()
        var rest = url[colon.upperBound...]
        let isTLS = scheme.hasPrefix("rediss")
        guard ["redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"].contains(scheme) else {
            throw Unusable("unknown scheme \(scheme)://: \(Self.allowed)")
        }
        self.init(address: .tcp(host: "", port: Self.defaultPort), tls: isTLS ? TLS(caPath: caPath) : nil)
        try takeLogin(from: &rest)
        switch scheme {
        case "unix": try takeSocket(from: rest)
        case "redis", "rediss": try takeHost(from: rest)
        default: try takeSentinels(from: rest, caPath: caPath)
        }
    }

    private mutating func takeLogin(from rest: inout Substring) throws(Unusable) {
        // The last `@`, so that a password with a bare one is read as its owner means it.
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else {
            // Else a part of the password would be taken for a port, and shown.
            guard authority.isEmpty || !rest.contains("@") else {
                throw Unusable("'/' or '?' before the '@' is not percent-encoded: \(Self.allowed)")
            }
            return
        }
        let login = authority[..<at]
        guard let colon = login.firstIndex(of: ":") else {
            throw Unusable("a user without a password: \(Self.allowed)")
        }
        let name = try Self.decode(login[..<colon], as: "user")
        user = name.isEmpty ? nil : name
        let secret = try Self.decode(login[login.index(after: colon)...], as: "password")
        guard !secret.isEmpty else { throw Unusable("an empty password: \(Self.allowed)") }
        password = secret
        rest = rest[rest.index(after: at)...]
    }

    private mutating func takeSocket(from rest: Substring) throws(Unusable) {
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = try Self.decode(parts[0], as: "path")
        guard path.hasPrefix("/"), path.utf8.count > 1 else {
            throw Unusable("a socket needs an absolute path: \(Self.allowed)")
        }
        guard path.utf8.count <= Self.longestSocketPath else {
            throw Unusable("a socket's path may have at most \(Self.longestSocketPath) bytes: \(path)")
        }
        address = .unixSocket(path: path)
        guard parts.count > 1, !parts[1].isEmpty else { return }
        guard parts[1].hasPrefix("db=") else { throw Unusable("unknown parameter in '?\(parts[1])': \(Self.allowed)") }
        database = try Self.database(parts[1].dropFirst(3))
    }

    private mutating func takeHost(from rest: Substring) throws(Unusable) {
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Unusable("no parameters are known here: \(Self.allowed)")
        }
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let (host, port) = try Self.hostAndPort(parts[0])
        address = .tcp(host: host, port: port)
        if parts.count > 1, !parts[1].isEmpty { database = try Self.database(parts[1]) }
    }

    private mutating func takeSentinels(from rest: Substring, caPath: String?) throws(Unusable) {
        guard !rest.contains("#") else { throw Unusable("no '#' is known here: \(Self.allowed)") }
        let halves = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.count > 1 ? try Self.decode(parts[1], as: "name") : ""
        guard !name.isEmpty else {
            throw Unusable("no name of the primary behind the sentinels, as in …/mymaster: \(Self.allowed)")
        }
        guard parts.count <= 3 else { throw Unusable("too many '/': \(Self.allowed)") }
        if parts.count == 3, !parts[2].isEmpty { database = try Self.database(parts[2]) }
        var hosts: [SentinelGroup.Host] = []
        for host in parts[0].split(separator: ",", omittingEmptySubsequences: false) {
            let (name, port) = try Self.hostAndPort(host, usual: SentinelGroup.defaultPort)
            hosts.append(SentinelGroup.Host(name, port))
        }
        guard hosts.count <= SentinelGroup.most else {
            throw Unusable("more than \(SentinelGroup.most) sentinels: \(Self.allowed)")
        }
        let parameters = try SentinelGroup.Parameters(halves.count > 1 ? halves[1] : "")
        address = .sentinels(
            SentinelGroup(
                hosts: hosts, primary: name, user: parameters.user, password: parameters.password,
                tls: parameters.usesTLS ?? (tls != nil) ? TLS(caPath: caPath) : nil))
    }

    private static func hostAndPort(
        _ text: Substring, usual: Int = defaultPort
    ) throws(Unusable) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw Unusable("'[' without ']': \(allowed)") }
            host = text[text.index(after: text.startIndex)..<end]
            let behind = text[text.index(after: end)...]
            guard behind.isEmpty || behind.hasPrefix(":") else { throw Unusable("'\(behind)' behind ']': \(allowed)") }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let name = try decode(host, as: "host")
        guard !name.isEmpty else { throw Unusable("no host: \(allowed)") }
        guard let port else { return (name, usual) }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw Unusable("port '\(port)' is not a number from 1 to 65535: \(allowed)")
        }
        return (name, number)
    }

    private static func database(_ text: Substring) throws(Unusable) -> Int {
        guard let number = Int(text), number >= 0 else {
            throw Unusable("database '\(text)' is not a number from 0: \(allowed)")
        }
        return number
    }

    static func decode(_ text: Substring, as part: StaticString) throws(Unusable) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) else {
                throw Unusable("'%' without two hexadecimal digits in the \(part): \(allowed)")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Unusable("the \(part) is not UTF-8 text: \(allowed)")
        }
        return decoded
    }
}
