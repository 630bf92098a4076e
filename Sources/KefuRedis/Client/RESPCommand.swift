import NIOCore

/// A command on its way out: an array of bulk strings in RESP2
/// (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), written straight into the loop's buffer.
enum RESPCommand: Sendable, Equatable {
    case plain([RedisArgument])
    case evalsha(ScriptCall)
    case eval(ScriptCall)

    /// Whether it must not be refused while Redis is slow; see ``RedisScript/isUrgent``.
    var isUrgent: Bool {
        switch self {
        case .plain: true
        case .evalsha(let call), .eval(let call): call.script.isUrgent
        }
    }

    var isScript: Bool { if case .plain = self { false } else { true } }

    func write(into buffer: inout ByteBuffer) {
        switch self {
        case .plain(let arguments):
            buffer.writeArrayHeader(arguments.count)
            for argument in arguments { buffer.writeBulk(argument) }
        case .evalsha(let call): Self.write("EVALSHA", call.script.sha1, call, into: &buffer)
        case .eval(let call): Self.write("EVAL", call.script.text, call, into: &buffer)
        }
    }

    private static func write(_ verb: StaticString, _ script: String, _ call: ScriptCall, into buffer: inout ByteBuffer)
    {
        buffer.writeArrayHeader(3 + call.keys.count + call.arguments.count)
        buffer.writeBulk(verb)
        buffer.writeBulk(script)
        buffer.writeBulk(Int64(call.keys.count))
        for key in call.keys { buffer.writeBulk(key) }
        for argument in call.arguments { buffer.writeBulk(argument) }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeArrayHeader(_ count: Int) { writeHeader(UInt8(ascii: "*"), count) }

    fileprivate mutating func writeBulk(_ argument: RedisArgument) {
        switch argument {
        case .string(let text): writeBulk(text)
        case .integer(let value): writeBulk(value)
        case .bytes(let bytes):
            writeHeader(UInt8(ascii: "$"), bytes.count)
            writeBytes(bytes)
            writeEnd()
        }
    }

    fileprivate mutating func writeBulk(_ text: String) {
        writeHeader(UInt8(ascii: "$"), text.utf8.count)
        writeString(text)
        writeEnd()
    }

    fileprivate mutating func writeBulk(_ text: StaticString) {
        writeHeader(UInt8(ascii: "$"), text.utf8CodeUnitCount)
        writeStaticString(text)
        writeEnd()
    }

    fileprivate mutating func writeBulk(_ value: Int64) {
        let digits = Self.decimalDigits(of: value)
        writeHeader(UInt8(ascii: "$"), digits)
        writeDecimal(value, digits: digits)
        writeEnd()
    }

    private mutating func writeHeader(_ kind: UInt8, _ count: Int) {
        writeInteger(kind)
        writeDecimal(Int64(count), digits: Self.decimalDigits(of: Int64(count)))
        writeEnd()
    }

    private mutating func writeEnd() { writeInteger(0x0D0A as UInt16) }

    /// Its length in characters, the sign included.
    private static func decimalDigits(of value: Int64) -> Int {
        var digits = value < 0 ? 2 : 1
        var rest = value.magnitude
        while rest >= 10 {
            digits += 1
            rest /= 10
        }
        return digits
    }

    private mutating func writeDecimal(_ value: Int64, digits: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: digits) { space in
            var rest = value.magnitude
            var index = digits - 1
            repeat {
                space[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                index -= 1
            } while rest > 0
            if value < 0 { space[0] = UInt8(ascii: "-") }
            return digits
        }
    }
}
