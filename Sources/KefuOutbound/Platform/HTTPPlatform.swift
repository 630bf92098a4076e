import KefuCore

/// Carries requests of a platform's own shape over the transport that gateway and callbacks use, with its limits.
package struct HTTPPlatform: PlatformTransport {
    private let peer: String
    private let signer: WebhookSigner?
    private let transport: CurlTransport

    /// - Parameters:
    ///   - peer: the error texts name it so.
    ///   - secret: signs what has an identity, ``PlatformRequest/signedAs``.
    package init(peer: String, secret: WebhookSecret?, transport: CurlTransport) {
        self.peer = peer
        signer = secret.map(WebhookSigner.init(secret:))
        self.transport = transport
    }

    package func exchange(_ request: PlatformRequest) async -> PlatformAnswer {
        var headers = request.headers
        if let signer, let id = request.signedAs {
            headers += signer.headers(id: id, timestamp: WebhookSender.secondsNow(), body: request.body)
        }
        let method: HTTPRequest.Method =
            switch request.method {
            case .get: .get
            case .post: .post
            case .put: .put
            }
        let exchange = HTTPRequest(
            method, request.url, headers: headers, body: request.body, timeout: request.timeout,
            maySend: request.maySend)
        guard !exchange.climbs else {
            return .invalid("\(peer) request not sent: a part of its URL's path is . or .., which means another path")
        }
        switch await transport.perform(exchange) {
        case .success(let response):
            return .answered(
                status: response.status, body: response.body, isCut: response.isCut, retryAfter: response.retryAfter,
                excerpt: AnswerExcerpt.of(response.body))
        case .failure(.notSent): return .notSent
        case .failure(.invalid(let detail)): return .invalid("\(peer) request not sent: \(detail)")
        case .failure(.timedOut): return .unreachable("\(peer) did not answer within \(request.timeout)")
        case .failure(.unreachable(let detail)):
            return .unreachable("\(peer) unreachable: \(AnswerExcerpt.of(Array(detail.utf8)))")
        }
    }
}
