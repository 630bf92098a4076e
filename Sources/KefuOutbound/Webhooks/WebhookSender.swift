import Glibc
import KefuCore

/// Posts JSON to one of Kefu's peers, signed when there is a secret. What the gateway and the callbacks share.
struct WebhookSender: Sendable {
    /// The error texts name a peer by this word.
    let peer: String
    let url: String
    let signer: WebhookSigner?
    let timeout: Duration
    let transport: CurlTransport

    /// Makes one attempt.
    ///
    /// - Parameter id: the webhook's identity, see ``WebhookSigner/headers(id:timestamp:body:)``.
    func post(
        id: String, headers: [(name: String, value: String)] = [], trace: TraceParent?, body: [UInt8],
        maySend: (@Sendable () -> Bool)? = nil
    ) async -> HTTPResult {
        var headers = headers
        headers.append(("Content-Type", "application/json"))
        if let trace { headers.append(("traceparent", trace.text)) }
        if let signer { headers += signer.headers(id: id, timestamp: Self.secondsNow(), body: body) }
        return await transport.perform(
            HTTPRequest(.post, url, headers: headers, body: body, timeout: timeout, maySend: maySend))
    }

    /// What a person reads about an attempt that did not succeed: one printable line with at most
    /// ``AnswerExcerpt/limit`` bytes of the peer's own words.
    func describe(_ result: HTTPResult) -> String {
        switch result {
        case .success(let response):
            let excerpt = AnswerExcerpt.of(response.body)
            return "\(peer) answered \(response.status)" + (excerpt.isEmpty ? "" : ": \(excerpt)")
        case .failure(.unreachable(let detail)):
            // libcurl's words may quote the peer, such as the names in its certificate.
            return "\(peer) unreachable: \(AnswerExcerpt.of(Array(detail.utf8)))"
        case .failure(.timedOut): return "\(peer) did not answer within \(timeout)"
        case .failure(.notSent): return "not sent"
        case .failure(.invalid(let detail)): return "\(peer) request not sent: \(detail)"
        }
    }

    /// Receivers compare it with their own clock, so it is wall time, in seconds since 1970.
    static func secondsNow() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec)
    }
}
