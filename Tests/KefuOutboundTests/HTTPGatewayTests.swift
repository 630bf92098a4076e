import Foundation
import KefuCore
import KefuOutbound
import TestSupport
import Testing

@Suite struct HTTPGatewayTests {
    @Test func `the request is the contract's, to the byte`() async throws {
        try await HTTPSink.run { sink in
            let report = try await Self.report(from: sink, path: "/send", .sample(generation: 2, attempt: 3))
            #expect(report.answer == .accepted(resultJSON: nil))
            #expect(report.httpStatus == 200)
            #expect(report.error == nil)
            let request = try #require(sink.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/send")
            #expect(request.values(of: "content-type") == ["application/json"])
            #expect(request.values(of: "content-length") == ["\(request.body.count)"])
            #expect(request.values(of: "idempotency-key") == ["TASK_001:2"])
            #expect(request.header("webhook-signature") == nil)
            #expect(
                request.text == #"{"task_id":"TASK_001","generation":2,"attempt":3,"#
                    + #""action":{"type":"send_file","message":"您好","file_url":"https://f.example/a.pdf","url":null},"#
                    + #""customer":{"id":"cust-1","name":null},"#
                    + #""trigger_event":{"at":"T1772154000123","type":"customer_message","text":"好的"}}"#)
        }
    }

    @Test(arguments: [
        (nil, "null"), (#"{"at":0}"#, #"{"at":"T0"}"#), (#"{"at":-5,"type":"x"}"#, #"{"at":"T-5","type":"x"}"#),
        (#"{"type":"x","at":5}"#, #"{"type":"x","at":5}"#), (#"{"at":"x"}"#, #"{"at":"x"}"#),
    ])
    func `the time of the trigger's event is made readable`(stored: String?, sent: String) async throws {
        try await HTTPSink.run { sink in
            _ = try await Self.report(from: sink, .sample(triggerEventJSON: stored))
            #expect(sink.requests.first?.text.hasSuffix(#""trigger_event":\#(sent)}"#) == true)
        }
    }

    @Test func `the attempt's trace is a header, and the event's is taken out of the body`() async throws {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        try await HTTPSink.run { sink in
            var traced = ActionRequest.sample(
                triggerEventJSON: #"{"at":0,"traceparent":"\#(text)","type":"custom_event","event":"e"}"#)
            traced.trace = TraceParent(text)
            _ = try await Self.report(from: sink, traced)
            _ = try await Self.report(from: sink, .sample())
            #expect(sink.requests.map { $0.values(of: "traceparent") } == [[text], []])
            let event = #""trigger_event":{"at":"T0","type":"custom_event","event":"e"}}"#
            #expect(sink.requests.first?.text.hasSuffix(event) == true)
        }
    }

    @Test(arguments: [
        ("A-z_0.9~", "A-z_0.9~:1"), ("a:b", "a%3Ab:1"), ("任务", "%E4%BB%BB%E5%8A%A1:1"), ("a%3Ab", "a%253Ab:1"),
        ("a/?#\"é", "a%2F%3F%23%22%C3%A9:1"),
    ])
    func `any task id makes a plain header`(id: String, key: String) async throws {
        try await HTTPSink.run { sink in
            _ = try await Self.report(from: sink, .sample(taskID: id))
            #expect(sink.requests.first?.values(of: "idempotency-key") == [key])
        }
    }

    @Test func `the webhook's id is opaque and the same for every attempt of one generation`() async throws {
        try await HTTPSink.run { sink in
            let secret = try WebhookSecret(parsing: WebhookTests.key)
            for (generation, attempt) in [(1, 1), (1, 2), (2, 1)] {
                let request = ActionRequest.sample(taskID: "a.b", generation: generation, attempt: attempt)
                _ = try await Self.report(from: sink, request, secret: secret)
            }
            let ids = sink.requests.compactMap { $0.header("webhook-id") }
            #expect(ids.count == 3)
            #expect(ids[0] == ids[1])
            #expect(ids[0] != ids[2])
            for id in ids { #expect(id.wholeMatch(of: /msg_[0-9a-f]{32}/) != nil) }
            for request in sink.requests {
                let timestamp = try #require(request.header("webhook-timestamp").flatMap { Int64($0) })
                let signed = WebhookSigner(secret: secret).headers(
                    id: try #require(request.header("webhook-id")), timestamp: timestamp, body: request.body)
                #expect(request.header("webhook-signature") == signed.last?.value)
                #expect(abs(timestamp - Int64(Date().timeIntervalSince1970)) < 300)
            }
        }
    }

    @Test func `each status has its meaning`() async throws {
        try await HTTPSink.run { sink in
            for status in 200...599 {
                sink.respond { _ in .status(status) }
                let report = try await Self.report(from: sink, .sample())
                let expected: GatewayReport.Answer =
                    switch status {
                    case 200...299: .accepted(resultJSON: nil)
                    case 408, 425, 429, 500...599: .failed(retryAfter: nil)
                    default: .rejected
                    }
                #expect(report.answer == expected, "\(status)")
                #expect(report.httpStatus == status)
                #expect(report.error == (status < 300 ? nil : "gateway answered \(status)"))
            }
            #expect(sink.requests.count == 400)
        }
    }

    @Test(arguments: [
        ("5", 5), ("3600", 3600), ("3601", 3600), ("9999999999", 3600), ("99999999999999999999", nil), ("0", nil),
        ("-5", nil),
        ("soon", nil),
        ("", nil), ("Wed, 01 Jan 2020 00:00:00 GMT", nil), ("Fri, 01 Jan 2100 00:00:00 GMT", 3600),
    ])
    func `Retry-After is heeded up to an hour`(value: String, seconds: Int?) async throws {
        try await HTTPSink.run(respond: { _ in .status(503, headers: [("Retry-After", value)]) }) { sink in
            let report = try await Self.report(from: sink, .sample())
            #expect(report.answer == .failed(retryAfter: seconds.map { .seconds($0) }))
        }
    }

    @Test func `Retry-After may be a date`() async throws {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        let date = format.string(from: Date() + 1800)
        try await HTTPSink.run(respond: { _ in .status(429, headers: [("Retry-After", date)]) }) { sink in
            guard case .failed(let pause?) = try await Self.report(from: sink, .sample()).answer else {
                Issue.record("no pause")
                return
            }
            #expect((Duration.seconds(1500)...Duration.seconds(1800)).contains(pause))
        }
    }

    @Test(arguments: [
        (#"{"id": 7}"#, true), (#""sent""#, true), ("", false), ("OK", false), ("{\"a\":", false), ("<html>", false),
    ])
    func `an answer becomes the result when it is JSON`(body: String, isResult: Bool) async throws {
        try await HTTPSink.run(respond: { _ in .status(201, body: body) }) { sink in
            let report = try await Self.report(from: sink, .sample())
            #expect(report.answer == .accepted(resultJSON: isResult ? body : nil))
        }
    }

    @Test(arguments: [(64 * 1024, true), (64 * 1024 + 1, false)])
    func `a longer answer is accepted without a result`(size: Int, isResult: Bool) async throws {
        let body = "\"" + String(repeating: "x", count: size - 2) + "\""
        try await HTTPSink.run(respond: { _ in .status(200, body: body) }) { sink in
            let report = try await Self.report(from: sink, .sample())
            #expect(report.answer == .accepted(resultJSON: isResult ? body : nil))
        }
    }

    @Test func `an error tells the status and the beginning of the answer in one printable line`() async throws {
        let body = "\u{1B}[31m坏\u{202E} request\r\n\u{0}again\u{200B}\n" + String(repeating: "é", count: 500)
        try await HTTPSink.run(respond: { _ in .status(400, body: body) }) { sink in
            let report = try await Self.report(from: sink, .sample())
            let error = try #require(report.error)
            #expect(report.answer == .rejected)
            #expect(error.hasPrefix("gateway answered 400: [31m坏 request again éé"))
            #expect(error.utf8.count <= 200 + "gateway answered 400: ".utf8.count)
        }
    }

    @Test func `no answer is unreachable, with the reason`() async throws {
        try await HTTPSink.run(respond: { _ in .silence }) { sink in
            let report = try await Self.report(from: sink, .sample(), timeout: .milliseconds(200))
            #expect(report.answer == .unreachable)
            #expect(report.httpStatus == nil)
            #expect(report.error == "gateway did not answer within 0.2 seconds")
            sink.respond { _ in .close }
            let closed = try await Self.report(from: sink, .sample())
            #expect(closed.answer == .unreachable)
            #expect(closed.error?.hasPrefix("gateway unreachable: ") == true)
        }
    }

    @Test func `a lost lease sends nothing`() async throws {
        try await HTTPSink.run { sink in
            let report = try await Self.report(from: sink, .sample(maySend: { false }))
            #expect(report.answer == .notSent)
            #expect(sink.log.connections == 0)
        }
    }

    private static func report(
        from sink: HTTPSink, path: String = "", _ request: ActionRequest, secret: WebhookSecret? = nil,
        timeout: Duration = .seconds(30)
    ) async throws -> GatewayReport {
        try await withTransport { transport in
            let gateway = HTTPGateway(
                url: sink.url + path, secret: secret, timeout: timeout, transport: transport, formatTime: shownTime,
                isJSON: isJSON)
            return await gateway.send(request)
        }
    }
}
