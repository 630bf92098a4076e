/// The contract's rules of JSON once more, as plainly as they can be written: RFC 8259 in strict UTF-8, and what the
/// reader refuses besides. Slow and recursive on purpose, so that it shares no idea with ``JSONReader``.
struct JSONReference {
    private struct Refused: Error {}

    private var rest: ArraySlice<UInt8>

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var reference = JSONReference(rest: bytes[...])
        do {
            try reference.value(depth: 0, isFree: false)
            reference.space()
            return reference.rest.isEmpty
        } catch { return false }
    }

    private mutating func space() { rest = rest.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) } }

    private mutating func take(_ text: StaticString) throws {
        let bytes = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard rest.starts(with: bytes) else { throw Refused() }
        rest = rest.dropFirst(bytes.count)
    }

    /// Whether the next byte is this one; then it is taken.
    private mutating func has(_ byte: Character) -> Bool {
        guard let code = byte.asciiValue, rest.first == code else { return false }
        rest.removeFirst()
        return true
    }

    /// - Parameter isFree: whether keys may be any text here.
    private mutating func value(depth: Int, isFree: Bool) throws {
        space()
        switch rest.first {
        case UInt8(ascii: "{"): try object(depth: depth + 1, isFree: isFree)
        case UInt8(ascii: "["): try array(depth: depth + 1, isFree: isFree)
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try take("true")
        case UInt8(ascii: "f"): try take("false")
        case UInt8(ascii: "n"): try take("null")
        default: try number()
        }
    }

    private mutating func array(depth: Int, isFree: Bool) throws {
        try take("[")
        guard depth <= 32 else { throw Refused() }
        space()
        if has("]") { return }
        repeat {
            try value(depth: depth, isFree: isFree)
            space()
        } while has(",")
        try take("]")
    }

    private mutating func object(depth: Int, isFree: Bool) throws {
        try take("{")
        guard depth <= 32 else { throw Refused() }
        space()
        if has("}") { return }
        var keys: Set<[UInt8]> = []
        repeat {
            space()
            let key = Array(try string().utf8)
            guard key.count <= 64, isFree || key.allSatisfy({ $0 < 0x80 }), keys.insert(key).inserted else {
                throw Refused()
            }
            space()
            try take(":")
            let frees = key == Array("data".utf8) || key == Array("where".utf8)
            try value(depth: depth, isFree: isFree || frees)
            space()
        } while has(",")
        try take("}")
    }

    private mutating func string() throws -> String {
        try take("\"")
        var text = String.UnicodeScalarView()
        var plain: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte >= 0x20 else { throw Refused() }
            if byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                plain.append(byte)
                continue
            }
            text.append(contentsOf: String(decoding: plain, as: UTF8.self).unicodeScalars)
            plain = []
            if byte == UInt8(ascii: "\"") { return String(text) }
            text.append(try escape())
        }
        throw Refused()
    }

    private mutating func escape() throws -> Unicode.Scalar {
        let simple: [UInt8: Unicode.Scalar] = [
            0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
        ]
        guard let letter = rest.popFirst() else { throw Refused() }
        if let scalar = simple[letter] { return scalar }
        guard letter == UInt8(ascii: "u") else { throw Refused() }
        var code = try unit()
        if (0xD800..<0xDC00).contains(code) {
            try take("\\u")
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw Refused() }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0, let scalar = Unicode.Scalar(code) else { throw Refused() }
        return scalar
    }

    private mutating func unit() throws -> UInt32 {
        let digits = rest.prefix(4)
        let isHexadecimal = digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
        guard digits.count == 4, isHexadecimal, let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw Refused() }
        rest = rest.dropFirst(4)
        return code
    }

    private mutating func number() throws {
        let letters = rest.prefix { "+-.eE0123456789".utf8.contains($0) }
        let text = String(decoding: letters, as: UTF8.self)
        guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/) != nil,
            let number = Double(text), number.isFinite
        else { throw Refused() }
        rest = rest.dropFirst(letters.count)
    }
}
