import KefuCore
import KefuServer
import TestSupport
import Testing

/// WebSocket connections that send and do not read, or begin what they do not end: each costs little, and all together
/// no more than is set aside for bodies.
@Suite struct EventSocketCrowdTests {
    private static let event = #"{"type":"customer_message","customer":{"id":"c1"},"text":"好的","event_id":"e1""#

    private static let matching: @Sendable (inout FakeStore.Answers) -> Void = { answers in
        // Answers so long that few fill what a socket holds.
        let matched = (0..<50).map { "T\($0)" + String(repeating: "x", count: 100) }
        answers.match = { _ in MatchOutcome(matched: matched, duplicate: false) }
    }

    @Test func `Who does not read its answers is read from no more, and is cut`() async throws {
        var limits = ServerLimits()
        limits.socket.answerDeadline = .milliseconds(300)
        try await TestServer.run(limits: limits, store: Self.matching) { server in
            let deaf = try await RawClient.connect(port: server.port, readsNothing: true)
            try await deaf.send(SocketBytes.request())
            let frames = [[UInt8]](repeating: SocketBytes.text(Self.event + "}"), count: 500).flatMap(\.self)
            await #expect(throws: (any Error).self) {
                while true { try await deaf.send(frames) }
            }
            let other = try await server.connect()
            let frame = SocketBytes.text(Self.event + "}")
            try await other.send(SocketBytes.request() + frame + SocketBytes.frame(0x88, []))
            #expect(SocketBytes.texts(try await other.restBytes()).count == 1)
            // What was taken of it fits into buffers, whatever it would have sent.
            #expect(server.store.calls.count < 20_000)
        }
    }

    @Test func `Halves of large messages share the memory of bodies, and who gets none is told to come again`()
        async throws
    {
        var limits = ServerLimits()
        limits.bufferedBodies = 400_000
        try await TestServer.run(limits: limits, store: Self.matching) { server in
            let message = Array((Self.event + #","pad":"\#(String(repeating: "x", count: 250_000))"}"#).utf8)
            func isRefused() async throws -> Bool {
                let body = String(repeating: " ", count: 200_000)
                return try await server.exchange("POST", "/api/event", body: body).status == 429
            }
            let first = try await server.connect()
            try await first.send(
                SocketBytes.request() + SocketBytes.frame(0x01, Array(message.dropLast(10)))
                    + SocketBytes.frame(0x89, []))
            // No sooner: of two that are read by turns both may get too little.
            try await eventually("its half has been read") {
                SocketBytes.frames(try await first.arrived()).contains { $0.first == 0x8A }
            }
            let second = try await server.connect()
            try await second.send(SocketBytes.request() + SocketBytes.frame(0x81, message).dropLast(10))
            let refused = try await second.restBytes()
            #expect(SocketBytes.closeCode(refused) == 1013 && SocketBytes.texts(refused).isEmpty)
            // The other one holds its share, also against requests.
            #expect(try await isRefused())
            try await first.send(
                SocketBytes.frame(0x80, Array(message.suffix(10))) + SocketBytes.frame(0x88, [0x03, 0xE8]))
            let taken = try await first.restBytes()
            #expect(SocketBytes.closeCode(taken) == 1000)
            #expect(SocketBytes.texts(taken).first?.hasPrefix(#"{"event_id":"e1","code":200,"#) == true)
            // Nothing is left set aside.
            let body = Self.event + "}" + String(repeating: " ", count: 200_000)
            #expect(try await server.exchange("POST", "/api/event", body: body).status == 200)
        }
    }

    @Test func `Fragments count as what they are parts of`() async throws {
        var limits = ServerLimits()
        limits.bufferedBodies = 100_000
        try await TestServer.run(limits: limits, store: Self.matching) { server in
            let client = try await server.connect()
            let part = [UInt8](repeating: UInt8(ascii: " "), count: 60_000)
            try await client.send(
                SocketBytes.request() + SocketBytes.text(Self.event + "}") + SocketBytes.frame(0x01, part)
                    + SocketBytes.frame(0x00, part))
            let bytes = try await client.restBytes()
            #expect(SocketBytes.texts(bytes).count == 1 && SocketBytes.closeCode(bytes) == 1013)
        }
    }

    @Test func `A connection that gets no memory waits while something of it is under way`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.bufferedBodies = 100_000
        try await TestServer.run(limits: limits, store: { $0.holdMatch(at: gate) }) { server in
            let client = try await server.connect()
            let large = SocketBytes.text(Self.event + #","pad":"\#(String(repeating: "x", count: 60_000))"}"#)
            try await client.send(SocketBytes.request() + large)
            try await gate.isReached()
            async let sent: Void = client.send(
                [[UInt8]](repeating: large, count: 20).flatMap(\.self) + SocketBytes.frame(0x88, [0x03, 0xE8]))
            gate.open()
            try await sent
            let bytes = try await client.restBytes()
            #expect(SocketBytes.texts(bytes).count == 21 && SocketBytes.closeCode(bytes) == 1000)
        }
    }
}
