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
            var size = BulkWriter.longestHeader
            for argument in arguments { size += BulkWriter.room(for: argument) }
            buffer.writeBulks(atMost: size) { writer in
                writer.arrayHeader(arguments.count)
                for argument in arguments { writer.write(argument) }
            }
        case .evalsha(let call): Self.write("EVALSHA", call.script.sha1, call, into: &buffer)
        case .eval(let call): Self.write("EVAL", call.script.text, call, into: &buffer)
        }
    }

    private static func write(_ verb: String, _ script: String, _ call: ScriptCall, into buffer: inout ByteBuffer) {
        var size = 4 * BulkWriter.longestHeader + verb.utf8.count + script.utf8.count
        for key in call.keys { size += BulkWriter.longestHeader + key.utf8.count }
        for argument in call.arguments { size += BulkWriter.room(for: argument) }
        buffer.writeBulks(atMost: size) { writer in
            writer.arrayHeader(3 + call.keys.count + call.arguments.count)
            writer.write(verb)
            writer.write(script)
            writer.write(Int64(call.keys.count))
            for key in call.keys { writer.write(key) }
            for argument in call.arguments { writer.write(argument) }
        }
    }
}

extension ByteBuffer {
    /// Makes room once, and lets all of a command be written without further checks of the buffer's.
    fileprivate mutating func writeBulks(atMost size: Int, _ body: (inout BulkWriter) -> Void) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: size) { space in
            var writer = BulkWriter(space)
            body(&writer)
            return writer.count
        }
    }
}

/// Writes bulk strings one after the other into memory that has room for them.
private struct BulkWriter {
    /// Bytes of a header or a number: its kind, 20 characters, the line's end, and the end of the bulk string.
    static let longestHeader = 48

    private let space: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ space: UnsafeMutableRawBufferPointer) { self.space = space }

    static func room(for argument: RedisArgument) -> Int {
        switch argument {
        case .string(let text): longestHeader + text.utf8.count
        case .bytes(let bytes): longestHeader + bytes.count
        case .integer: longestHeader
        }
    }

    mutating func arrayHeader(_ count: Int) { header(UInt8(ascii: "*"), count) }

    mutating func write(_ argument: RedisArgument) {
        switch argument {
        case .string(let text): write(text)
        case .integer(let value): write(value)
        case .bytes(let bytes): bytes.withUnsafeBytes { write($0) }
        }
    }

    mutating func write(_ text: String) {
        let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { write(UnsafeRawBufferPointer($0)) }
        // Never so for a native string, which every text here is.
        if isWritten == nil { Array(text.utf8).withUnsafeBytes { write($0) } }
    }

    mutating func write(_ value: Int64) {
        header(UInt8(ascii: "$"), Self.digits(of: value))
        decimal(value)
        end()
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer) {
        header(UInt8(ascii: "$"), bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: space[count...]).copyMemory(from: bytes)
        count += bytes.count
        end()
    }

    private mutating func header(_ kind: UInt8, _ length: Int) {
        space[count] = kind
        count += 1
        decimal(Int64(length))
        end()
    }

    private mutating func end() {
        space[count] = UInt8(ascii: "\r")
        space[count + 1] = UInt8(ascii: "\n")
        count += 2
    }

    private mutating func decimal(_ value: Int64) {
        let length = Self.digits(of: value)
        var rest = value.magnitude
        var index = count + length - 1
        repeat {
            space[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            index -= 1
        } while rest > 0
        if value < 0 { space[count] = UInt8(ascii: "-") }
        count += length
    }

    /// Characters of a number, the sign included.
    private static func digits(of value: Int64) -> Int {
        var digits = value < 0 ? 2 : 1
        var rest = value.magnitude
        while rest >= 10 {
            digits += 1
            rest /= 10
        }
        return digits
    }
}
