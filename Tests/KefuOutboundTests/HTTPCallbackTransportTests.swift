import KefuCore
import KefuOutbound
import TestSupport
import Testing

@Suite struct HTTPCallbackTransportTests {
    private static let done = Callback(
        id: "cb_1", taskID: "TASK_001", status: .completed, atMs: 7, generation: 1, taskAttempts: 2,
        customerID: "客户", resultJSON: #"{"id": 12345678901234567890}"#)
    private static let failed = Callback(
        id: "cb_2", taskID: "TASK_001", status: .failed, error: "said \"no\"", errorCode: "gateway_rejected", atMs: 8,
        generation: 1, taskAttempts: 2, customerID: "c")

    @Test func `the body has the contract's members in their order`() async throws {
        try await HTTPSink.run { sink in
            let reports = [try await Self.deliver(Self.done, to: sink), try await Self.deliver(Self.failed, to: sink)]
            #expect(reports.map(\.outcome) == [.delivered, .delivered])
            #expect(
                sink.requests.map(\.text) == [
                    #"{"task_id":"TASK_001","status":"completed","error":null,"timestamp":"T7","generation":1,"#
                        + #""attempts":2,"customer_id":"客户","error_code":null,"#
                        + #""result":{"id": 12345678901234567890},"callback_id":"cb_1"}"#,
                    #"{"task_id":"TASK_001","status":"failed","error":"said \"no\"","timestamp":"T8","generation":1,"#
                        + #""attempts":2,"customer_id":"c","error_code":"gateway_rejected","result":null,"#
                        + #""callback_id":"cb_2"}"#,
                ])
            #expect(sink.requests.allSatisfy { $0.values(of: "content-type") == ["application/json"] })
        }
    }

    @Test func `the task's trace is a header of every delivery`() async throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        try await HTTPSink.run { sink in
            var traced = Self.failed
            traced.trace = TraceParent(text)
            for callback in [traced, traced, Self.done] { _ = try await Self.deliver(callback, to: sink) }
            #expect(sink.requests.map { $0.values(of: "traceparent") } == [[text], [text], []])
        }
    }

    @Test func `the callback's id is the webhook's id and the body is signed`() async throws {
        try await HTTPSink.run { sink in
            let secret = try WebhookSecret(parsing: WebhookTests.key)
            _ = try await Self.deliver(Self.done, to: sink, secret: secret)
            let request = try #require(sink.requests.first)
            #expect(request.values(of: "webhook-id") == ["cb_1"])
            let timestamp = try #require(request.header("webhook-timestamp").flatMap { Int64($0) })
            let signed = WebhookSigner(secret: secret).headers(id: "cb_1", timestamp: timestamp, body: request.body)
            #expect(request.values(of: "webhook-signature") == [signed.last?.value])
        }
    }

    @Test func `only 2xx is delivered`() async throws {
        try await HTTPSink.run { sink in
            for status in [200, 201, 204, 299, 300, 301, 308, 400, 404, 410, 429, 500, 503, 599] {
                sink.respond { _ in .status(status, headers: [("Retry-After", "9")], body: "why") }
                let failure = DeliveryReport.Outcome.failed(
                    error: "callback receiver answered \(status): why", retryAfter: .seconds(9))
                let report = try await Self.deliver(Self.done, to: sink)
                #expect(report.outcome == (status < 300 ? .delivered : failure))
                #expect(report.httpStatus == status && report.duration > .zero)
            }
        }
    }

    @Test func `no answer is a failure with its reason`() async throws {
        try await HTTPSink.run(respond: { _ in .silence }) { sink in
            let report = try await Self.deliver(Self.done, to: sink, timeout: .milliseconds(200))
            #expect(
                report.outcome
                    == .failed(error: "callback receiver did not answer within 0.2 seconds", retryAfter: nil))
            #expect(report.httpStatus == nil && report.duration >= .milliseconds(200))
        }
    }

    private static func deliver(
        _ callback: Callback, to sink: HTTPSink, secret: WebhookSecret? = nil, timeout: Duration = .seconds(30)
    ) async throws -> DeliveryReport {
        try await withTransport { transport in
            let courier = HTTPCallbackTransport(
                url: sink.url, secret: secret, timeout: timeout, transport: transport, formatTime: shownTime)
            return await courier.deliver(callback)
        }
    }
}
