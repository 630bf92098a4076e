import KefuCore

/// Sends actions to the customer gateway: one POST an attempt, under the same `Idempotency-Key` for every attempt of
/// one task and generation.
package struct HTTPGateway: MessageGateway {
    private let sender: WebhookSender
    private let formatTime: @Sendable (Int64) -> String
    private let isJSON: @Sendable ([UInt8]) -> Bool

    /// - Parameters:
    ///   - timeout: for one attempt.
    ///   - formatTime: epoch milliseconds as the contract shows times, RFC 3339.
    ///   - isJSON: whether the bytes are one strict JSON text in UTF-8.
    package init(
        url: String, secret: WebhookSecret?, timeout: Duration, transport: CurlTransport,
        formatTime: @escaping @Sendable (Int64) -> String, isJSON: @escaping @Sendable ([UInt8]) -> Bool
    ) {
        sender = WebhookSender(
            peer: "gateway", url: url, signer: secret.map(WebhookSigner.init(secret:)), timeout: timeout,
            transport: transport)
        self.formatTime = formatTime
        self.isJSON = isJSON
    }

    package func send(_ request: ActionRequest) async -> GatewayReport {
        let start = ContinuousClock.now
        let key = IdempotencyKey(taskID: request.taskID, generation: request.generation)
        let result = await sender.post(
            id: key.webhookID, headers: [("Idempotency-Key", key.value)], trace: request.trace,
            body: GatewayBody.json(of: request, formatTime: formatTime), maySend: request.maySend)
        let answer = Self.answer(for: result, isJSON: isJSON)
        var report = GatewayReport(answer: answer, duration: ContinuousClock.now - start)
        if case .success(let response) = result { report.httpStatus = response.status }
        if case .accepted = answer { return report }
        report.error = sender.describe(result)
        return report
    }

    /// The contract's table of statuses. A longer JSON answer than is read, or anything else, makes no result.
    static func answer(for result: HTTPResult, isJSON: ([UInt8]) -> Bool) -> GatewayReport.Answer {
        switch result {
        case .success(let response):
            switch response.status {
            case 200..<300:
                let isResult = !response.isCut && isJSON(response.body)
                return .accepted(resultJSON: isResult ? String(decoding: response.body, as: UTF8.self) : nil)
            case 408, 425, 429, 500..<600: return .failed(retryAfter: response.retryAfter)
            default: return .rejected
            }
        case .failure(.notSent): return .notSent
        case .failure(.unreachable), .failure(.timedOut), .failure(.invalid): return .unreachable
        }
    }
}
