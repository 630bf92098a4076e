// The port through which requests of a platform's own shape go out: whoever makes them up says what is sent, the
// transport sends it at most once and tells what came back.

/// Exchanges one request for one answer.
package protocol PlatformTransport: Sendable {
    /// Ends within the request's time limit; never sends it twice.
    func exchange(_ request: PlatformRequest) async -> PlatformAnswer
}

package struct PlatformRequest: Sendable {
    package enum Method: String, Sendable, CaseIterable {
        /// Has no body, and may be repeated when a connection breaks: for reading only.
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }

    package var method: Method
    /// Absolute, `http` or `https`, visible ASCII.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    package var timeout: Duration
    /// The webhook's identity, to be signed with the peer's secret when there is one; nil: never signed.
    package var signedAs: String?
    /// See ``ActionRequest/maySend``; nil: at any time.
    package var maySend: (@Sendable () -> Bool)?

    package init(
        method: Method, url: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration,
        signedAs: String? = nil, maySend: (@Sendable () -> Bool)? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.signedAs = signedAs
        self.maySend = maySend
    }
}

package enum PlatformAnswer: Sendable, Equatable {
    /// - Parameters:
    ///   - body: at most 64 KiB of it; `isCut` when there was more.
    ///   - excerpt: its beginning as one printable line.
    case answered(status: Int, body: [UInt8], isCut: Bool, retryAfter: Duration?, excerpt: String)
    /// No answer: whether the request arrived is unknown. The text is English, for people.
    case unreachable(String)
    /// ``PlatformRequest/maySend`` said no, or the transport was shut down first: nothing was written.
    case notSent
    /// The request must not go out as it is, now or later: nothing was written.
    case invalid(String)
}
