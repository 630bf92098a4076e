import KefuCore

/// Delivers callbacks: one POST a delivery, the same body each time; any 2xx is delivered, everything else failed.
package struct HTTPCallbackTransport: CallbackTransport {
    private let sender: WebhookSender
    private let formatTime: @Sendable (Int64) -> String

    /// - Parameters:
    ///   - timeout: for one delivery; shorter than the lease, after which another instance may deliver it too.
    ///   - formatTime: epoch milliseconds as the contract shows times, RFC 3339.
    package init(
        url: String, secret: WebhookSecret?, timeout: Duration = HTTPRequest.usualTimeout, transport: CurlTransport,
        formatTime: @escaping @Sendable (Int64) -> String
    ) {
        sender = WebhookSender(
            peer: "callback receiver", url: url, signer: secret.map(WebhookSigner.init(secret:)), timeout: timeout,
            transport: transport)
        self.formatTime = formatTime
    }

    package func deliver(_ callback: Callback) async -> DeliveryReport {
        let start = ContinuousClock.now
        let result = await sender.post(
            id: callback.id, trace: callback.trace, body: Self.json(of: callback, formatTime: formatTime))
        let duration = ContinuousClock.now - start
        guard case .success(let response) = result else {
            return DeliveryReport(.failed(error: sender.describe(result), retryAfter: nil), duration: duration)
        }
        let outcome: DeliveryReport.Outcome =
            (200..<300).contains(response.status)
            ? .delivered : .failed(error: sender.describe(result), retryAfter: response.retryAfter)
        return DeliveryReport(outcome, httpStatus: response.status, duration: duration)
    }

    /// Every member always present, in the contract's order.
    static func json(of callback: Callback, formatTime: (Int64) -> String) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("task_id")
        json.string(callback.taskID)
        json.key("status")
        json.string(callback.status.rawValue)
        json.key("error")
        json.string(callback.error)
        json.key("timestamp")
        json.string(formatTime(callback.atMs))
        json.key("generation")
        json.int(callback.generation)
        json.key("attempts")
        json.int(callback.taskAttempts)
        json.key("customer_id")
        json.string(callback.customerID)
        json.key("error_code")
        json.string(callback.errorCode)
        json.key("result")
        json.raw(callback.resultJSON)
        json.key("callback_id")
        json.string(callback.id)
        json.endObject()
        return json.bytes
    }
}
