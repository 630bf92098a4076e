import NIOCore
import Testing

@testable import KefuRedis

@Suite struct ClientProtocolTests {
    private static let conversation =
        "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nb\n\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
        + "*3\r\n:1\r\n*2\r\n$6\r\n你好\r\n*0\r\n$1\r\nz\r\n$2\r\n\u{301}\r\n"

    private static let replies: [RESPValue] = [
        .status("OK"), .error(RESPError("ERR no")), .integer(-42), .string("a\r\nb\n"), .string(""), .null, .null,
        .array([]), .array([.integer(1), .array([.string("你好"), .array([])]), .string("z")]), .string("\u{301}"),
    ]

    @Test func `Every kind of reply is read, wherever the bytes are cut`() throws {
        let bytes = Array(Self.conversation.utf8)
        for cut in 0...bytes.count {
            var reader = RESPReader(limits: RedisClientLimits())
            var found: [RESPValue] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                try reader.feed(ByteBuffer(bytes: part))
                while let reply = try reader.next() { found.append(reply) }
            }
            #expect(found == Self.replies, "cut at \(cut)")
        }
    }

    @Test func `Bytes that come one by one make the same replies`() throws {
        var reader = RESPReader(limits: RedisClientLimits())
        var found: [RESPValue] = []
        for byte in Self.conversation.utf8 {
            try reader.feed(ByteBuffer(bytes: [byte]))
            while let reply = try reader.next() { found.append(reply) }
        }
        #expect(found == Self.replies)
    }

    @Test func `Foreign bytes that are not UTF-8 become replacement characters`() throws {
        #expect(try parse(Array("$2\r\n".utf8) + [0xC3, 0x28] + Array("\r\n".utf8)) == .string("\u{FFFD}("))
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "%1\r\n", ":12a\r\n", "$-2\r\n", "*-2\r\n", "$abc\r\n", "\r\n", "\u{16}\u{3}",
        String(repeating: "*1\r\n", count: 10) + ":1\r\n",
    ])
    func `What is not RESP2 is refused`(bytes: String) {
        #expect(throws: RESPReader.ProtocolError.self) { try parse(Array(bytes.utf8)) }
    }

    @Test(arguments: [
        ("*11\r\n", "elements"), ("*2147483647\r\n", "elements"), ("*6\r\n*6\r\n", "elements"),
        ("$500\r\n" + String(repeating: "x", count: 101), "bytes"),
        ("*2\r\n$60\r\n\(String(repeating: "x", count: 60))\r\n$60\r\n\(String(repeating: "x", count: 50))", "bytes"),
        (
            "*2\r\n$60\r\n\(String(repeating: "x", count: 60))\r\n$41\r\n\(String(repeating: "x", count: 41))\r\n",
            "bytes"
        ),
    ])
    func `A reply beyond the limits is refused before it is whole`(bytes: String, complaint: String) {
        #expect {
            try parse(Array(bytes.utf8))
        } throws: { error in
            "\(error)".hasSuffix(complaint)
        }
    }

    @Test func `Limits hold for each reply, not for all of them together`() throws {
        var limits = RedisClientLimits()
        limits.replyBytes = 100
        limits.replyElements = 10
        var reader = RESPReader(limits: limits)
        let reply = "*6\r\n" + String(repeating: "$10\r\n0123456789\r\n", count: 6)
        for _ in 0..<20 {
            try reader.feed(ByteBuffer(string: reply))
            #expect(try reader.next()?.array?.count == 6)
        }
    }

    @Test func `A command is written as an array of bulk strings`() {
        var buffer = ByteBuffer()
        let arguments: [RedisArgument] = ["SET", .string("键"), .bytes([0, 255]), .integer(Int64.min), 0, 10, -7, ""]
        RESPCommand.plain(arguments).write(into: &buffer)
        let expected =
            Array("*8\r\n$3\r\nSET\r\n$3\r\n键\r\n$2\r\n".utf8) + [0, 255]
            + Array("\r\n$20\r\n-9223372036854775808\r\n$1\r\n0\r\n$2\r\n10\r\n$2\r\n-7\r\n$0\r\n\r\n".utf8)
        #expect(Array(buffer.readableBytesView) == expected)
    }

    @Test func `A script is called by its digest or by its text`() {
        let script = RedisScript(name: "one", text: "return 1")
        #expect(script.sha1 == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db")
        let call = ScriptCall(script, keys: ["k"], arguments: ["a", 2])
        var digest = ByteBuffer()
        RESPCommand.evalsha(call).write(into: &digest)
        #expect(
            String(buffer: digest)
                == "*6\r\n$7\r\nEVALSHA\r\n$40\r\n\(script.sha1)\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\na\r\n$1\r\n2\r\n")
        var text = ByteBuffer()
        RESPCommand.eval(call).write(into: &text)
        #expect(
            String(buffer: text) == "*6\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n1\r\n$1\r\nk\r\n$1\r\na\r\n$1\r\n2\r\n"
        )
    }

    @Test func `The first word of an error is compared whole`() {
        #expect(RESPError("NOSCRIPT No matching script.").has(prefix: "NOSCRIPT"))
        #expect(RESPError("BUSY").has(prefix: "BUSY"))
        #expect(!RESPError("BUSYGROUP exists").has(prefix: "BUSY"))
        #expect(!RESPError("B").has(prefix: "BUSY"))
        #expect(RESPError("OOM command not allowed").prefix == "OOM")
    }

    private func parse(_ bytes: [UInt8]) throws -> RESPValue? {
        var limits = RedisClientLimits()
        limits.replyBytes = 100
        limits.replyElements = 10
        var reader = RESPReader(limits: limits)
        try reader.feed(ByteBuffer(bytes: bytes))
        return try reader.next()
    }
}
