import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import KefuSocket

@Suite struct MessageAssemblerTests {
    private static func frame(
        _ opcode: WebSocketOpcode, _ text: String, isLast: Bool = true, isMasked: Bool = true
    ) -> WebSocketFrame {
        WebSocketFrame(
            fin: isLast, opcode: opcode, maskKey: isMasked ? [0, 0, 0, 0] : nil, data: ByteBuffer(string: text))
    }

    private static func steps(_ frames: [WebSocketFrame], role: SocketRole = .server) -> [MessageAssembler.Step] {
        var assembler = MessageAssembler(role: role, limit: 10, fragmentLimit: 4)
        return frames.map { assembler.take($0) }
    }

    @Test func `Fragments make a message, whatever comes between them`() {
        let steps = Self.steps([
            Self.frame(.text, "ab", isLast: false), Self.frame(.ping, "p"),
            Self.frame(.continuation, "c", isLast: false), Self.frame(.pong, ""), Self.frame(.continuation, "d"),
            Self.frame(.text, "e"),
        ])
        #expect(
            steps == [
                .none, .ping(ByteBuffer(string: "p")), .none, .none, .message(ByteBuffer(string: "abcd")),
                .message(ByteBuffer(string: "e")),
            ])
    }

    @Test func `A character may stand in two fragments`() {
        let bytes = Array("好".utf8)
        let halves = [bytes[..<1], bytes[1...]].map { ByteBuffer(bytes: $0) }
        var assembler = MessageAssembler(role: .client, limit: 10, fragmentLimit: 4)
        #expect(assembler.take(WebSocketFrame(fin: false, opcode: .text, data: halves[0])) == .none)
        #expect(
            assembler.take(WebSocketFrame(fin: true, opcode: .continuation, data: halves[1]))
                == .message(ByteBuffer(string: "好")))
    }

    @Test func `The limit holds for the whole message`() {
        let steps = Self.steps([
            Self.frame(.text, "12345", isLast: false), Self.frame(.continuation, "67890", isLast: false),
            Self.frame(.continuation, "1"),
        ])
        #expect(steps == [.none, .none, .violation(.tooBig)])
        #expect(Self.steps([Self.frame(.text, "12345678901")]) == [.violation(.tooBig)])
    }

    @Test func `A message has few enough fragments, whatever is in them`() {
        let empty = Self.frame(.continuation, "", isLast: false)
        let steps = Self.steps([Self.frame(.text, "", isLast: false), empty, empty, Self.frame(.continuation, "a")])
        #expect(steps == [.none, .none, .none, .message(ByteBuffer(string: "a"))])
        #expect(
            Self.steps([Self.frame(.text, "", isLast: false), empty, empty, empty, empty]).last
                == .violation(.tooManyFragments))
    }

    @Test func `A fragment is added to those before it, which stay where they are`() throws {
        var assembler = MessageAssembler(role: .client, limit: 1 << 20, fragmentLimit: 1000)
        let piece = ByteBuffer(repeating: 0x61, count: 100)
        _ = assembler.take(WebSocketFrame(fin: false, opcode: .text, data: piece))
        var moves = 0
        for _ in 1..<1000 {
            let place = assembler.parts?.withUnsafeReadableBytes { $0.baseAddress }
            #expect(assembler.take(WebSocketFrame(fin: false, opcode: .continuation, data: piece)) == .none)
            if assembler.parts?.withUnsafeReadableBytes({ $0.baseAddress }) != place { moves += 1 }
        }
        // Only where the buffer doubles.
        #expect(moves < 20)
        #expect(assembler.held == 100_000)
    }

    @Test(arguments: [SocketRole.server, .client])
    func `Clients mask and servers do not`(role: SocketRole) {
        let isRight = role == .server
        #expect(
            Self.steps([Self.frame(.text, "a", isMasked: isRight)], role: role) == [.message(ByteBuffer(string: "a"))])
        #expect(Self.steps([Self.frame(.text, "a", isMasked: !isRight)], role: role) == [.violation(.protocolError)])
    }

    @Test(arguments: [
        (0, false), (999, false), (1000, true), (1003, true), (1004, false), (1005, false), (1006, false), (1014, true),
        (1015, false), (2999, false), (3000, true), (4999, true), (5000, false),
    ])
    func `A close frame carries a code that is one`(code: Int, isValid: Bool) {
        var contents = ByteBuffer(integer: UInt16(code))
        contents.writeString("why")
        let step = Self.steps([
            WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: [0, 0, 0, 0], data: contents)
        ])
        #expect(step == [isValid ? .close(SocketClose(UInt16(code), "why")) : .violation(.protocolError)])
    }

    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 200_000], [SocketRole.server, .client])
    func `What is written is read by the other side`(count: Int, role: SocketRole) throws {
        var buffer = ByteBuffer()
        let contents = (0..<count).map { UInt8(0x61 + $0 % 26) }
        buffer.writeFrame(.text, contents, as: role)
        var frames: [WebSocketFrame] = []
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
        try channel.writeInbound(buffer)
        while let frame = try channel.readInbound(as: WebSocketFrame.self) { frames.append(frame) }
        var assembler = MessageAssembler(
            role: role == .server ? .client : .server, limit: 1 << 20, fragmentLimit: 4)
        try #require(frames.count == 1)
        #expect(assembler.take(frames[0]) == .message(ByteBuffer(bytes: contents)))
    }
}
