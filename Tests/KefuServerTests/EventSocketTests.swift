import KefuCore
import KefuServer
import Testing

/// `GET /api/event/ws`: events by WebSocket, one frame each way.
@Suite struct EventSocketTests {
    private static func event(_ id: String, by customer: String = "c1") -> String {
        #"{"type":"customer_message","customer":{"id":"\#(customer)"},"text":"好的","event_id":"\#(id)"}"#
    }

    private static let matching: @Sendable (inout FakeStore.Answers) -> Void = { answers in
        answers.match = { event throws(StoreError) in
            if event.customerID == "away" { throw .unavailable("gone") }
            return MatchOutcome(matched: event.customerID == "c1" ? ["T1"] : [], duplicate: event.eventID == "again")
        }
    }

    /// Opens a connection, sends the frames and everything is read until the server closes.
    private static func talk(
        _ frames: [[UInt8]], limits: ServerLimits = ServerLimits(), to server: TestServer
    ) async throws -> [UInt8] {
        let client = try await server.connect()
        try await client.send(SocketBytes.request() + frames.flatMap(\.self))
        return try await client.restBytes()
    }

    private static let close = SocketBytes.frame(0x88, [0x03, 0xE8])

    @Test func `Each frame is answered by one, in order, and frames may follow the handshake at once`() async throws {
        try await TestServer.run(store: Self.matching) { server in
            let bytes = try await Self.talk(
                [
                    SocketBytes.text(Self.event("e1")), SocketBytes.text(Self.event("again", by: "c2")),
                    SocketBytes.text(#"{"type":"nonsense","event_id":"e3"}"#),
                    SocketBytes.text(Self.event("e4", by: "away")), Self.close,
                ], to: server)
            let head = String(decoding: bytes.prefix(400), as: UTF8.self)
            #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            let texts = SocketBytes.texts(bytes)
            try #require(texts.count == 4, "\(texts)")
            #expect(texts[0] == #"{"event_id":"e1","code":200,"matched":["T1"],"duplicate":false}"#)
            #expect(texts[1] == #"{"event_id":"again","code":200,"matched":[],"duplicate":true}"#)
            #expect(texts[2].hasPrefix(#"{"event_id":"e3","code":400,"matched":[],"duplicate":false,"error":{"#))
            #expect(texts[3].hasPrefix(#"{"event_id":"e4","code":503,"#))
            #expect(texts[3].contains(#""type":"unavailable""#))
            #expect(SocketBytes.closeCode(bytes) == 1000)
            #expect(server.store.calls == [.match("c1"), .match("c2"), .match("away")])
        }
    }

    @Test func `Fragments make one message, and pings are answered between them`() async throws {
        try await TestServer.run(store: Self.matching) { server in
            let event = Array(Self.event("e1").utf8)
            let bytes = try await Self.talk(
                [
                    SocketBytes.frame(0x01, Array(event[..<30])), SocketBytes.frame(0x89, Array("hi".utf8)),
                    SocketBytes.frame(0x00, Array(event[30..<57])), SocketBytes.frame(0x80, Array(event[57...])),
                    Self.close,
                ], to: server)
            #expect(SocketBytes.texts(bytes).count == 1)
            let pong = SocketBytes.frames(bytes).first { $0.first == 0x8A }
            #expect(pong?.contents == Array("hi".utf8))
        }
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        var bytes: [UInt8]
        var code: Int

        init(_ first: UInt8, _ contents: [UInt8], isMasked: Bool = true, _ code: Int) {
            bytes = SocketBytes.frame(first, contents, isMasked: isMasked)
            self.code = code
        }

        func after(_ earlier: [UInt8]) -> Wrong {
            var wrong = self
            wrong.bytes = earlier + bytes
            return wrong
        }

        var testDescription: String { "\(code): \(bytes.prefix(12))" }
    }

    private static let half = [UInt8](repeating: 0x78, count: 150_000)
    static let wrong: [Wrong] = [
        Wrong(0x82, [1, 2], 1003), Wrong(0x81, [0xFF, 0xFE], 1007), Wrong(0xF1, [1], 1002), Wrong(0x80, [1], 1002),
        Wrong(0x81, Array("{}".utf8), isMasked: false, 1002), Wrong(0x8B, [], 1002), Wrong(0x09, [], 1002),
        Wrong(0x89, [UInt8](repeating: 0, count: 126), 1002), Wrong(0x88, [0x03], 1002),
        Wrong(0x81, [1], 1002).after(SocketBytes.frame(0x01, [1])),
        Wrong(0x88, [0x03, 0xED], 1002), Wrong(0x88, [0x03, 0xE8, 0xFF], 1007), Wrong(0x81, half + half, 1009),
        Wrong(0x80, half, 1009).after(SocketBytes.frame(0x01, half)),
    ]

    @Test(arguments: wrong)
    func `What WebSocket forbids ends the connection with its code, behind what came before it`(wrong: Wrong)
        async throws
    {
        try await TestServer.run(store: Self.matching) { server in
            let bytes = try await Self.talk([SocketBytes.text(Self.event("e1")), wrong.bytes], to: server)
            #expect(SocketBytes.closeCode(bytes) == wrong.code)
            #expect(SocketBytes.texts(bytes).count == 1)
        }
    }

    @Test func `An instance that leaves says so`() async throws {
        try await TestServer.run(store: Self.matching) { server in
            let client = try await server.connect()
            try await client.send(SocketBytes.request() + SocketBytes.text(Self.event("e1")))
            #expect(await eventually { server.store.calls.count == 1 })
            await server.shutDown()
            let bytes = try await client.restBytes()
            #expect(SocketBytes.texts(bytes).count == 1)
            #expect(SocketBytes.closeCode(bytes) == 1001)
        }
    }

    @Test func `Too many in flight are answered 429, and the connection stays`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.requestsInFlight = 1
        try await TestServer.run(limits: limits, store: { $0.holdMatch(at: gate) }) { server in
            let first = try await server.connect()
            try await first.send(SocketBytes.request() + SocketBytes.text(Self.event("e1")))
            try await gate.isReached()
            let bytes = try await Self.talk([SocketBytes.text(Self.event("e2")), Self.close], to: server)
            #expect(SocketBytes.texts(bytes).first?.hasPrefix(#"{"event_id":"e2","code":429,"#) == true)
            gate.open()
        }
    }

    @Test func `A silent connection is asked for a sound, and then given up`() async throws {
        var limits = ServerLimits()
        limits.socket.ping = .milliseconds(100)
        try await TestServer.run(limits: limits, store: Self.matching) { server in
            let bytes = try await Self.talk([], to: server)
            #expect(SocketBytes.frames(bytes).contains { $0.first == 0x89 })
        }
    }

    static let requests: [(headers: [String], status: Int)] = [
        ([], 426), (["Connection: Upgrade", "Upgrade: websocket"], 426),
        (["Connection: Upgrade", "Upgrade: h2c", "Sec-WebSocket-Version: 13"], 426),
        (Array(SocketBytes.handshake.dropLast()), 400), (SocketBytes.handshake + ["Origin: https://evil.example"], 403),
    ]

    @Test(arguments: requests)
    func `A request that asks for something else is told what is missing`(headers: [String], status: Int) async throws {
        try await TestServer.run(store: Self.matching) { server in
            let answer = try await server.exchange("GET", "/api/event/ws", headers: headers)
            #expect(answer.status == status)
            #expect((answer["sec-websocket-version"] == "13") == (status == 426))
        }
    }

    @Test func `It wants the token of who reports events`() async throws {
        let tokens = [
            AccessToken(name: "e", role: .events, secret: "events-token-123456"),
            AccessToken(name: "r", role: .read, secret: "reader-token-123456"),
        ]
        try await TestServer.run(tokens: tokens, store: Self.matching) { server in
            for (token, status) in [("none-such-token-1234", 401), ("reader-token-123456", 403)] {
                let headers = SocketBytes.handshake + ["Authorization: Bearer \(token)"]
                #expect(try await server.exchange("GET", "/api/event/ws", headers: headers).status == status)
            }
            let client = try await server.connect()
            try await client.send(
                SocketBytes.request(SocketBytes.handshake + ["Authorization: Bearer events-token-123456"])
                    + SocketBytes.text(Self.event("e1")) + Self.close)
            #expect(SocketBytes.texts(try await client.restBytes()).count == 1)
        }
    }
}
