import NIOHTTP1

/// The header fields that decide about a request, picked in one pass.
struct HeadFields {
    /// Names, values and separators, in bytes.
    private(set) var bytes = 0
    private(set) var hosts = 0
    private(set) var authorization: String?
    private(set) var authorizations = 0
    private(set) var contentLength: String?
    private(set) var contentType: String?
    private(set) var contentEncoding: String?
    private(set) var transferEncoding: String?
    private(set) var ifNoneMatch: String?
    private(set) var lastEventID: String?
    private(set) var traceparent: String?
    private(set) var traceparents = 0
    private(set) var requestID: String?
    private(set) var requestIDs = 0
    private(set) var expectsContinue = false
    private(set) var wantsUpgrade = false

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            bytes += name.utf8.count + value.utf8.count + 4
            switch name.utf8.count {
            case 4 where Self.equal(name, "host"): hosts += 1
            case 6 where Self.equal(name, "expect"): expectsContinue = Self.equal(value, "100-continue")
            case 7 where Self.equal(name, "upgrade"): wantsUpgrade = true
            case 11 where Self.equal(name, "traceparent"):
                traceparent = String(Substring(Self.trimmed(value[...].utf8)))
                traceparents += 1
            case 12 where Self.equal(name, "content-type"): contentType = value
            case 12 where Self.equal(name, "x-request-id"):
                requestID = value
                requestIDs += 1
            case 13 where Self.equal(name, "authorization"):
                authorization = value
                authorizations += 1
            case 13 where Self.equal(name, "if-none-match"): ifNoneMatch = Self.join(ifNoneMatch, value)
            case 13 where Self.equal(name, "last-event-id"): lastEventID = value
            case 14 where Self.equal(name, "content-length"): contentLength = value
            case 16 where Self.equal(name, "content-encoding"): contentEncoding = Self.join(contentEncoding, value)
            case 17 where Self.equal(name, "transfer-encoding"): transferEncoding = Self.join(transferEncoding, value)
            default: continue
            }
        }
    }

    /// Whether the body's bytes are its own: no coding, or the one that changes nothing.
    var isPlainBody: Bool { contentEncoding.map { $0.isEmpty || Self.equal($0, "identity") } ?? true }

    /// Whether the charset, if one is named, is UTF-8 or its subset.
    var isUTF8: Bool {
        guard let contentType else { return true }
        for parameter in contentType.utf8.split(separator: UInt8(ascii: ";")).dropFirst() {
            let text = Self.trimmed(parameter)
            guard Self.hasPrefix(text, "charset=") else { continue }
            let value = text.dropFirst("charset=".utf8.count).filter { $0 != UInt8(ascii: "\"") }
            return ["utf-8", "utf8", "us-ascii"].contains { Self.equal(value, $0) }
        }
        return true
    }

    private static func join(_ earlier: String?, _ value: String) -> String {
        earlier.map { $0 + ", " + value } ?? value
    }

    private static func trimmed(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
        var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    private static func hasPrefix(_ bytes: Substring.UTF8View, _ lowercase: StaticString) -> Bool {
        bytes.count >= lowercase.utf8CodeUnitCount && equal(bytes.prefix(lowercase.utf8CodeUnitCount), lowercase)
    }

    /// Whether ASCII texts are equal but for the case of letters.
    static func equal(_ text: String, _ lowercase: StaticString) -> Bool { equal(text.utf8, lowercase) }

    private static func equal(_ text: some Collection<UInt8>, _ lowercase: StaticString) -> Bool {
        guard text.count == lowercase.utf8CodeUnitCount else { return false }
        let expected = UnsafeBufferPointer(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount)
        return zip(text, expected).allSatisfy { byte, expected in
            let isLetter = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return (isLetter ? byte | 0x20 : byte) == expected
        }
    }
}
