import Crypto

/// A file of the pages as it stands in the binary.
struct Asset: Sendable {
    /// What browsers may do with it: scripts, styles and connections of this server only, nothing inline, no frames.
    /// Revalidated at each use, so that an update of the program is seen at once.
    private static let rules = """
        Cache-Control: no-cache\r
        Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
        connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r
        X-Content-Type-Options: nosniff\r
        Referrer-Policy: no-referrer\r

        """

    let name: String
    private let type: StaticString
    private let bytes: [UInt8]
    /// A strong entity tag with its quotes (RFC 9110, section 8.8.3): another for each content.
    let tag: String

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        type = Self.type(of: name)
        let digits = Array("0123456789abcdef")
        tag =
            "\"" + String(SHA256.hash(data: bytes).prefix(12).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
            + "\""
    }

    /// - Parameter condition: the value of `If-None-Match`.
    func answer(unlessMatching condition: String?) -> Answer {
        let isKnown = condition.map { Self.matches($0, tag) } ?? false
        return Answer(
            status: isKnown ? 304 : 200, body: isKnown ? [] : bytes, contentType: type,
            fields: "ETag: \(tag)\r\n" + Self.rules)
    }

    /// Whether a list of entity tags has this one; weakness does not count here (RFC 9110, section 13.1.2).
    static func matches(_ condition: String, _ tag: String) -> Bool {
        condition.utf8.split(separator: UInt8(ascii: ",")).contains { item in
            var item = item.drop { $0 == 0x20 || $0 == 0x09 }
            while let last = item.last, last == 0x20 || last == 0x09 { item.removeLast() }
            if item.elementsEqual("*".utf8) { return true }
            return (item.starts(with: "W/".utf8) ? item.dropFirst(2) : item).elementsEqual(tag.utf8)
        }
    }

    private static func type(of name: String) -> StaticString {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "webmanifest": "application/manifest+json"
        default: "application/octet-stream"
        }
    }
}
