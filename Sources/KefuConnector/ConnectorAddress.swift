/// Where the platform listens: `ws://` or `wss://`, a host, perhaps a port, a path and a query (RFC 6455, section 3).
package struct ConnectorAddress: Sendable, Equatable {
    package var isEncrypted: Bool
    /// Without the brackets of an IPv6 address.
    package var host: String
    package var port: Int
    /// Path and query, as they are sent.
    package var target: String

    /// - Returns: nil for what is no such URL, has a user or a fragment, or bytes that must not stand in a request.
    package init?(_ url: String) {
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !url.contains("#"),
            let mark = url.firstRange(of: "://")
        else { return nil }
        switch url[..<mark.lowerBound].lowercased() {
        case "ws": isEncrypted = false
        case "wss": isEncrypted = true
        default: return nil
        }
        let rest = url[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        guard !authority.contains("@") else { return nil }
        let colon = authority.lastIndex(of: ":").flatMap { authority[$0...].contains("]") ? nil : $0 }
        let name = authority[..<(colon ?? authority.endIndex)]
        host = name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : String(name)
        guard !host.isEmpty, name.hasPrefix("[") || !host.contains(where: { ":[]".contains($0) }) else { return nil }
        port = isEncrypted ? 443 : 80
        if let colon {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy(\.isNumber), let number = Int(digits), (1...65_535).contains(number) else {
                return nil
            }
            port = number
        }
    }

    /// The value of `Host`.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }
}

extension ConnectorAddress: CustomStringConvertible {
    /// For logs and people: the query, where tokens stand, is hidden.
    package var description: String {
        let path = target.prefix { $0 != "?" }
        return "\(isEncrypted ? "wss" : "ws")://\(authority)\(path)\(path.count < target.count ? "?***" : "")"
    }
}
