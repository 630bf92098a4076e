import KefuCore
import Testing

@testable import KefuAdapter

/// Callbacks in other words, and actions as frames.
@Suite struct CallbackAndFrameTests {
    @Test func `A callback has the fields that the file names, and is delivered by the statuses that it names`()
        async throws
    {
        let transport = ScriptedTransport { _, number in .status([200, 204, 201, 500][number - 1], "said") }
        let callbacks = try #require(
            try Given.example("token").callbackTransport(
                url: nil, timeout: .seconds(5), transport: transport, formatTime: Given.time))
        var callback = Callback(
            id: "cb_1", taskID: "T 1/2", status: .completed, atMs: 5, generation: 1, taskAttempts: 1, customerID: "c")
        #expect(await callbacks.deliver(callback).outcome == .delivered)
        let sent = try #require(transport.requests.first)
        #expect(sent.method == .put && sent.url == "http://tianwang.test/jobs/T%201%2F2")
        #expect(sent.text == #"{"job":"T 1/2","state":"completed","finished":"T5","delivery":"cb_1"}"#)
        callback.error = "x"
        #expect(await callbacks.deliver(callback).outcome == .delivered)
        #expect(transport.requests.last?.text.contains(#""reason":"x""#) == true)
        #expect(
            await callbacks.deliver(callback).outcome == .failed(error: "platform answered 201: said", retryAfter: nil))
        #expect(
            await callbacks.deliver(callback).outcome == .failed(error: "platform answered 500: said", retryAfter: nil))
    }

    @Test func `A frame with another id than ours is no answer, and a long result is left out`() throws {
        let dialect = try Given.dialect(
            try Given.adapter(
                #"""
                {
                  "in": {"type": {"const": "message"}, "types": {"message": "customer_message"},
                         "customer": "/from", "text": "/content", "event_id": "/id"},
                  "out": {"all": {"frame": {"to": "{{customer.id}}", "id": "{{frame_id}}"}}},
                  "connector": {"answer": {"id": "/id"}}
                }
                """#))
        func read(_ text: String) -> IncomingFrame { Array(text.utf8).withUnsafeBytes(dialect.read) }
        for id in ["m-1", "k7", "k-1", "k7-1x", "K7-1", "7"] {
            guard case .events(let frame) = read(#"{"id": "\#(id)", "from": "c1", "content": "好的"}"#) else {
                Issue.record("\(id) was taken for an answer")
                continue
            }
            #expect(frame.events.map(\.id) == [id])
        }
        for (size, isKept) in [(60_000, true), (70_000, false)] {
            let text = #"{"id": "k7-1", "pad": "\#(String(repeating: "x", count: size))"}"#
            guard case .answer(let answer) = read(text) else {
                Issue.record("no answer")
                continue
            }
            let verdict = dialect.verdict(on: answer, to: .sendMessage)
            #expect(verdict.answer == .accepted(resultJSON: isKept ? text : nil))
        }
    }

    @Test func `Actions go out as frames with an id, and the answer to it is judged`() throws {
        let dialect = try Given.dialect(try Given.example("token"))
        let frame = try dialect.actionFrame(Given.request(message: #"a"b"#), id: "k7-1")
        #expect(
            String(decoding: frame, as: UTF8.self)
                == #"{"cmd":"send","req":"k7-1","key":"T1:2","user":"c1","kind":"send_message","text":"a\"b"}"#)
        let answer = Array(#"{"cmd": "sent", "req": "k7-1", "id": 7}"#.utf8)
        guard case .answer(let found) = answer.withUnsafeBytes(dialect.read) else {
            Issue.record("no answer")
            return
        }
        #expect(found == ActionAnswer(id: "k7-1", frame: answer))
        let verdict = dialect.verdict(on: found, to: .sendMessage)
        #expect(
            verdict.answer == .accepted(resultJSON: #"{"message_id":7,"result":{"cmd":"sent","req":"k7-1","id":7}}"#))
        #expect(
            dialect.signIn.map { String(decoding: $0, as: UTF8.self) } == [
                #"{"cmd":"login","key":"key-1","secret":"geheim-geheim"}"#
            ])
        #expect(dialect.heartbeat?.every == .seconds(30))
        // A file without events and frames leaves both to the contract.
        let plain = try Given.dialect(try Given.adapter(#"{"out": {"all": {"body": {}}}}"#))
        let contract = ContractDialect(reader: try Given.reader, formatTime: Given.time)
        #expect(try plain.actionFrame(Given.request(), id: "r") == contract.actionFrame(Given.request(), id: "r"))
        guard case .answer(let known) = Array(#"{"id": "r", "code": 200}"#.utf8).withUnsafeBytes(plain.read) else {
            Issue.record("no answer")
            return
        }
        #expect(plain.verdict(on: known, to: .sendFile).answer == .accepted(resultJSON: nil))
        #expect(throws: InputError.self) {
            try Given.dialect(try Given.example("generic")).actionFrame(Given.request(), id: "r")
        }
    }

    @Test func `An action that the file does not have is refused for good, and nothing is sent`() async throws {
        let transport = ScriptedTransport { _, _ in .status(200) }
        let adapter = try Given.adapter(#"{"out": {"send_message": {"body": {}}}}"#)
        let gateway = try #require(
            adapter.gateway(url: "http://h/", timeout: .seconds(5), transport: transport, formatTime: Given.time))
        let report = await gateway.send(Given.request(.sendLink, url: "http://l/"))
        #expect(report.answer == .rejected && report.error == "the adapter has no out.send_link")
        #expect(transport.requests.isEmpty)
    }

    @Test func `What a transport could not do is told as by the built-in gateway`() async throws {
        let answers: [PlatformAnswer] = [
            .unreachable("gone"), .notSent, .invalid("bad"), .status(503, "x", retryAfter: .seconds(9)),
        ]
        let transport = ScriptedTransport { _, number in answers[number - 1] }
        let gateway = try #require(
            try Given.example("generic").gateway(
                url: "http://h/", timeout: .seconds(5), transport: transport, formatTime: Given.time))
        var reports: [GatewayReport] = []
        for _ in answers { reports.append(await gateway.send(Given.request())) }
        #expect(reports.map(\.answer) == [.unreachable, .notSent, .rejected, .failed(retryAfter: .seconds(9))])
        #expect(reports.map(\.error) == ["gone", "not sent", "bad", "platform answered 503: x"])
    }
}
