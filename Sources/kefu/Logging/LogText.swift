/// Makes foreign text fit for one line of a log: nothing in it can end the line, move the cursor or turn the reading
/// direction, and it is short.
enum LogText {
    /// Of one field's value, in bytes of UTF-8 before escaping.
    static let longestValue = 256
    /// Of a message, which is ours.
    static let longestMessage = 2048

    /// Appends the text, cut on a character border, with what must not appear escaped as `\uXXXX`.
    ///
    /// - Parameter quoted: also escapes `"` and `\`, as JSON asks for.
    static func append(_ text: String, to line: inout [UInt8], limit: Int = longestValue, quoted: Bool) {
        var size = 0
        for character in text {
            size += character.utf8.count
            guard size <= limit else {
                line.append(contentsOf: "…".utf8)
                return
            }
            for scalar in character.unicodeScalars { append(scalar, to: &line, quoted: quoted) }
        }
    }

    /// Whether a value can stand in a text line without quotes.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy {
                $0 != "\"" && $0 != "\\" && $0 != "=" && !isUnsafe($0) && !$0.properties.isWhitespace
            }
    }

    private static func append(_ scalar: Unicode.Scalar, to line: inout [UInt8], quoted: Bool) {
        if isUnsafe(scalar) {
            line.append(contentsOf: "\\u".utf8)
            let digits = String(scalar.value, radix: 16)
            line.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, 4 - digits.utf8.count)))
            line.append(contentsOf: digits.utf8)
        } else {
            if quoted, scalar == "\"" || scalar == "\\" { line.append(UInt8(ascii: "\\")) }
            line.append(contentsOf: String(scalar).utf8)
        }
    }

    /// C0, DEL, C1, line and paragraph separators, and what changes the reading direction (UAX #9). All in the BMP.
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }
}
