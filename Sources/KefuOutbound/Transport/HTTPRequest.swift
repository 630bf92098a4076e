// One HTTP exchange as Kefu's own peers see it: what goes out, what came back, why nothing did.

/// A request with a body of known length; nothing in it is taken from libcurl's environment.
package struct HTTPRequest: Sendable {
    package enum Method: Sendable {
        /// Has no body. Safe (RFC 9110, 9.2.1), so a broken connection may make libcurl repeat it.
        case get
        /// Goes out at most once, whatever happens to the connection.
        case post
        /// The same as a POST but for its name.
        case put
    }

    /// The most that is read of an answer, unless the request says otherwise.
    package static let usualAnswerLimit = 64 * 1024
    /// How long one exchange may take, unless the request says otherwise.
    package static let usualTimeout = Duration.seconds(10)

    package var method: Method
    /// Absolute, `http` or `https`.
    package var url: String
    /// Sent as they are: a name must be a token, a value visible ASCII, spaces and tabs (RFC 9110, 5.5).
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// From handing the request to libcurl to the last byte of the answer.
    package var timeout: Duration
    /// Bytes of the answer's body.
    package var answerLimit: Int
    /// Asked when the request is handed to libcurl and once more right before it is written, on the transport's
    /// thread; false ends the exchange as ``HTTPFailure/notSent``.
    package var maySend: (@Sendable () -> Bool)?

    package init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        timeout: Duration = usualTimeout, answerLimit: Int = usualAnswerLimit, maySend: (@Sendable () -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.answerLimit = answerLimit
        self.maySend = maySend
    }
}

package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    /// At most ``HTTPRequest/answerLimit`` bytes, as they came: no content coding is asked for or undone.
    package var body: [UInt8]
    /// Whether the answer was longer than the limit; its connection was then closed.
    package var isCut: Bool
    /// What `Retry-After` asked for, in seconds or as a date by this machine's clock; 0 s –
    /// ``CurlTransport/longestRetryAfter``, nil without the header or when it has nothing to wait for.
    package var retryAfter: Duration?

    package init(status: Int, body: [UInt8] = [], isCut: Bool = false, retryAfter: Duration? = nil) {
        self.status = status
        self.body = body
        self.isCut = isCut
        self.retryAfter = retryAfter
    }
}

/// Why there is no answer. The texts are English, for people, and hold neither headers nor bodies.
package enum HTTPFailure: Error, Sendable, Equatable {
    /// No connection, or it broke: whether the request arrived is unknown.
    case unreachable(String)
    /// ``HTTPRequest/timeout`` passed: whether the request arrived is unknown.
    case timedOut
    /// ``HTTPRequest/maySend`` said no, or the transport was shut down first: nothing was written.
    case notSent
    /// A URL or header that must not go out; nothing was written.
    case invalid(String)
}

package typealias HTTPResult = Result<HTTPResponse, HTTPFailure>

extension HTTPRequest {
    /// Why this request must not go out as it is; nil when it may.
    var fault: HTTPFailure? {
        guard Self.isWebAddress(url) else { return .invalid("the URL is not absolute http or https, or has spaces") }
        for header in headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isToken) else {
                return .invalid("a header's name is not a token")
            }
            guard header.value.utf8.allSatisfy({ $0 == 0x09 || (0x20...0x7E).contains($0) }) else {
                return .invalid("the value of \(header.name) has bytes outside visible ASCII")
            }
        }
        return nil
    }

    /// Whether the URL is `https`, compared as the scheme is: without case.
    var isEncrypted: Bool { Self.hasScheme("https://", url) }

    private static func isWebAddress(_ url: String) -> Bool {
        (hasScheme("http://", url) || hasScheme("https://", url))
            && url.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether a segment of the path is one or two dots, also percent-encoded: libcurl and servers make another path
    /// of it (RFC 3986, 5.2.4), so a value that stands in the URL would lead elsewhere.
    var climbs: Bool {
        let path = url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        return path.split(separator: UInt8(ascii: "/")).dropFirst(2).contains { segment in
            guard segment.count <= 6 else { return false }
            let plain = String(Substring(segment)).lowercased().replacing("%2e", with: ".")
            return plain == "." || plain == ".."
        }
    }

    private static func hasScheme(_ scheme: String, _ url: String) -> Bool {
        url.utf8.count > scheme.utf8.count && zip(url.utf8, scheme.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// RFC 9110, 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
