import CCurl
import Glibc
import Synchronization

/// Outgoing HTTP on libcurl's multi interface, which runs on one thread of its own (``CurlLoop``).
///
/// Any number of tasks may ``perform(_:)`` at once. Connections are kept and shared by all requests, HTTP/2 is used
/// where a TLS peer offers it. Proxies from the environment, `.netrc`, redirects and content codings are never used.
package final class CurlTransport: Sendable {
    package struct Limits: Sendable {
        /// Exchanges under way at once; further ones wait in order, and their time limit has not begun.
        package var transfers = 10_000
        /// For name look-up, connection and TLS handshake together.
        package var connectTimeout = Duration.seconds(3)
        /// How long an idle connection is trusted: less than the keep-alive of common servers, so that a request
        /// rarely meets a connection that is just being closed.
        package var idleConnectionAge = Duration.seconds(50)

        package init() {}
    }

    /// No peer's `Retry-After` counts for more.
    package static let longestRetryAfter = Duration.seconds(3600)

    private let loop: CurlLoop
    /// The running thread; nil once somebody has begun to join it.
    private let thread: Mutex<pthread_t?>

    package init(limits: Limits = Limits()) throws(CurlError) {
        guard Self.globalCode == CURLE_OK else { throw CurlError(Self.globalCode) }
        loop = try CurlLoop(limits: limits)
        var started = pthread_t()
        // The thread's own reference, balanced by the first line it runs.
        let argument = Unmanaged.passRetained(loop)
        let code = pthread_create(
            &started, nil,
            { argument in
                // Never nil: it is the `argument` above.
                Unmanaged<CurlLoop>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw CurlError(text: "no thread: error \(code)")
        }
        thread = Mutex(started)
    }

    deinit {
        loop.close()
        if let running = thread.withLock({ $0.take() }) { pthread_detach(running) }
    }

    /// Makes one exchange. It ends within the request's time limit; cancelling the calling task does not shorten it.
    package func perform(_ request: HTTPRequest) async -> HTTPResult {
        if let fault = request.fault { return .failure(fault) }
        return await withCheckedContinuation { continuation in
            loop.submit(CurlLoop.Submission(request: request, continuation: continuation))
        }
    }

    /// Ends what is under way as ``HTTPFailure/unreachable(_:)``, what waits or comes later as
    /// ``HTTPFailure/notSent``, and joins the thread. May be called more than once.
    package func shutdown() {
        loop.close()
        if let running = thread.withLock({ $0.take() }) { pthread_join(running, nil) }
    }

    /// Once in the process. With `CURLOPT_NOSIGNAL` libcurl leaves `SIGPIPE` to us: a peer that hangs up must not
    /// end the process.
    static let globalCode: CURLcode = {
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(Int(CURL_GLOBAL_SSL))
    }()
}

/// libcurl refused to be set up: out of memory, or built without something that is needed.
package struct CurlError: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ code: CURLcode) { self.init(text: String(cString: curl_easy_strerror(code))) }
    init(text: String) { description = "libcurl: \(text)" }

    /// Throws unless the call went well.
    static func check(_ code: CURLcode) throws(CurlError) {
        if code != CURLE_OK { throw CurlError(code) }
    }
}
