import KefuCore
import TestSupport
import Testing

@testable import KefuAdapter
@testable import KefuOutbound

/// The generic example says what is built in, word for word.
@Suite struct GenericAdapterTests {
    static let events = [
        #"{"type": "customer_message", "customer": {"id": "c1"}, "text": "好的 \"ok\"", "event_id": "e1"}"#,
        #"{"type": "customer_reply", "customer": {"id": "c1", "name": "n"}, "text": "", "conversation": {"g": [1, {"a": null}]}}"#,
        #"{"type": "custom_event", "customer": {"id": "顾客"}, "event": "done", "data": {"金额": 1.50, "x": "\u0041"}}"#,
        #"{"type": "customer_payment", "customer": {"id": "c1"}, "data": {"order_id": "A1", "amount": 199}, "text": "no"}"#,
        #"{"type": "customer_order", "customer": {"id": "c1"}, "data": null, "event_id": null, "text": null}"#,
    ]

    @Test func `It acknowledges as the built-in dialect does`() throws {
        let dialect = try Given.dialect(try Given.example("generic"))
        let built = ContractDialect(reader: try Given.reader, formatTime: Given.time)
        let match = MatchOutcome(matched: ["T1", "任务"], duplicate: true)
        for event in Self.events + ["{}", "["] {
            guard case .events(let frame) = Array(event.utf8).withUnsafeBytes(dialect.read) else { continue }
            guard case .events(let same) = Array(event.utf8).withUnsafeBytes(built.read) else { continue }
            var outcome = EventOutcome.taken(match)
            if case .failure(let error) = frame.events[0].result { outcome = .refused(error) }
            let ours = dialect.acknowledgements(of: frame, outcomes: [outcome]).map(Self.value)
            var theirs = built.acknowledgements(of: same, outcomes: [outcome]).map(Self.value)
            // Of a refusal the adapter does not say what did not match.
            if case .refused = outcome { theirs = theirs.map { $0.without("matched", "duplicate") } }
            #expect(ours == theirs, "\(event)")
        }
    }

    private static func value(_ bytes: [UInt8]) -> JSON { (try? JSON(String(decoding: bytes, as: UTF8.self))) ?? .null }

    @Test func `It sends the request of the built-in gateway, byte for byte`() async throws {
        let events = [nil, #"{"at":1700000000000,"type":"customer_message","text":"好的","data":{"a":[1.50,"\"x"]}}"#]
        for (place, text) in hostileTexts.enumerated() {
            let transport = ScriptedTransport { _, _ in .status(200) }
            let gateway = try #require(
                try Given.example("generic").gateway(
                    url: "http://h/send", timeout: .seconds(5), transport: transport, formatTime: Given.time))
            let request = Given.request(
                ActionKind.allCases[place % 3], message: place % 5 == 0 ? nil : text, fileURL: "http://f/\(place)",
                url: nil, taskID: "T:\(place)%任务", customer: Customer(id: "c1", name: text), event: events[place % 2])
            _ = await gateway.send(request)
            let sent = try #require(transport.requests.first)
            #expect(sent.body == GatewayBody.json(of: request, formatTime: Given.time))
            #expect(sent.header("Idempotency-Key") == "T%3A\(place)%25%E4%BB%BB%E5%8A%A1:2")
            #expect(sent.header("Content-Type") == "application/json" && sent.method == .post)
            #expect(sent.url == "http://h/send" && sent.signedAs?.hasPrefix("msg_") == true)
        }
    }

    @Test func `It judges every status and body as the built-in gateway does`() async throws {
        for status in 200..<600 {
            for body in ["", #"{"message_id": "m1", "x": "好"}"#, "<html>", "[1]"] {
                let transport = ScriptedTransport { _, _ in .status(status, body, retryAfter: .seconds(7)) }
                let gateway = try #require(
                    try Given.example("generic").gateway(
                        url: "http://h/", timeout: .seconds(5), transport: transport, formatTime: Given.time))
                let report = await gateway.send(Given.request())
                let built = HTTPGateway.answer(
                    for: .success(HTTPResponse(status: status, body: Array(body.utf8), retryAfter: .seconds(7))),
                    isJSON: JSONReader.accepts)
                #expect(report.answer == built && report.httpStatus == status, "\(status) \(body)")
            }
        }
    }

    @Test func `It delivers the callback of the contract, byte for byte`() async throws {
        let transport = ScriptedTransport { _, number in .status(number == 1 ? 200 : 500) }
        let callbacks = try #require(
            try Given.example("generic").callbackTransport(
                url: "http://h/cb", timeout: .seconds(5), transport: transport, formatTime: Given.time))
        for text in hostileTexts {
            let callback = Callback(
                id: "cb_1", taskID: "T\u{22}1", status: .failed, error: text, errorCode: nil, atMs: 5, generation: 1,
                taskAttempts: 2, customerID: text, resultJSON: #"{"a":[1.50,"x\"y"]}"#)
            let report = await callbacks.deliver(callback)
            let sent = try #require(transport.requests.last)
            #expect(sent.body == HTTPCallbackTransport.json(of: callback, formatTime: Given.time))
            #expect((report.outcome == .delivered) == (transport.requests.count == 1))
            #expect(sent.signedAs == "cb_1")
        }
    }
}
