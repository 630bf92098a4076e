// Strings: strict UTF-8 (Unicode 15, table 3-7), no control characters, no U+0000, paired surrogates only.
extension JSONScanner {
    /// Reads from the opening to behind the closing quote.
    mutating func scanString(_ kind: JSONNode.Kind) throws(InputError) {
        let start = at + 1
        var marks = MarkRun()
        at = start
        while at < count {
            let byte = source[at]
            if byte >= 0x80 {
                marks.see(try scanScalar())
            } else if byte == UInt8(ascii: "\"") {
                let node = JSONNode(kind: kind, start: UInt32(start), end: UInt32(at), next: UInt32(nodes.count + 1))
                at += 1
                appendString(node, marks)
                return
            } else if byte == UInt8(ascii: "\\") {
                return try scanEscapedString(kind, from: start, marks)
            } else {
                try refuseControl(byte)
                marks.end()
                at += 1
            }
        }
        throw unexpected("'\"'")
    }

    /// Goes on at the first escape, decoding into ``decoded``.
    private mutating func scanEscapedString(
        _ kind: JSONNode.Kind, from start: Int, _ earlier: MarkRun
    ) throws(InputError) {
        var marks = earlier
        let first = decoded.count
        decoded.append(contentsOf: UnsafeBufferPointer(start: source + start, count: at - start))
        while at < count {
            let byte = source[at]
            if byte >= 0x80 {
                let from = at
                marks.see(try scanScalar())
                decoded.append(contentsOf: UnsafeBufferPointer(start: source + from, count: at - from))
            } else if byte == UInt8(ascii: "\"") {
                at += 1
                let end = UInt32(decoded.count)
                let node = JSONNode(
                    kind: kind, isDecoded: true, start: UInt32(first), end: end, next: UInt32(nodes.count + 1))
                appendString(node, marks)
                return
            } else if byte == UInt8(ascii: "\\") {
                let scalar = try scanEscape()
                marks.see(scalar)
                appendUTF8(scalar)
            } else {
                try refuseControl(byte)
                marks.end()
                decoded.append(byte)
                at += 1
            }
        }
        throw unexpected("'\"'")
    }

    private mutating func appendString(_ node: JSONNode, _ marks: MarkRun) {
        var node = node
        node.hasMarkRun = marks.isTooLong
        hasMarkRuns = hasMarkRuns || marks.isTooLong
        nodes.append(node)
    }

    private func refuseControl(_ byte: UInt8) throws(InputError) {
        if byte < 0x20 { throw Self.error("a control character in a string must be escaped", at: at) }
    }

    /// Reads one scalar of two to four bytes.
    private mutating func scanScalar() throws(InputError) -> UInt32 {
        let lead = UInt32(source[at])
        let width: Int
        let second: ClosedRange<UInt8>
        switch lead {
        case 0xC2...0xDF: (width, second) = (2, 0x80...0xBF)
        case 0xE0: (width, second) = (3, 0xA0...0xBF)
        case 0xED: (width, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (width, second) = (3, 0x80...0xBF)
        case 0xF0: (width, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (width, second) = (4, 0x80...0xBF)
        case 0xF4: (width, second) = (4, 0x80...0x8F)
        default: throw Self.error("not UTF-8", at: at)
        }
        guard at + width <= count, second.contains(source[at + 1]) else { throw Self.error("not UTF-8", at: at) }
        var scalar = (lead & 0x7F >> UInt32(width)) << 6 | UInt32(source[at + 1] & 0x3F)
        for position in 2..<max(width, 2) {
            let byte = source[at + position]
            guard byte & 0xC0 == 0x80 else { throw Self.error("not UTF-8", at: at) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        at += width
        return scalar
    }

    /// Reads one escape sequence, or two that are a surrogate pair.
    private mutating func scanEscape() throws(InputError) -> UInt32 {
        let start = at
        at += 1
        guard at < count else { throw unexpected("an escape") }
        at += 1
        switch source[start + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt32(source[start + 1])
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"): break
        default: throw Self.error("unknown escape", at: start)
        }
        let unit = try scanHex()
        switch unit {
        case 0: throw Self.error("U+0000 is not allowed", at: start)
        case 0xDC00...0xDFFF: throw Self.error("lone surrogate", at: start)
        case 0xD800...0xDBFF: break
        default: return unit
        }
        guard at + 6 <= count, source[at] == UInt8(ascii: "\\"), source[at + 1] == UInt8(ascii: "u") else {
            throw Self.error("lone surrogate", at: start)
        }
        at += 2
        let low = try scanHex()
        guard 0xDC00...0xDFFF ~= low else { throw Self.error("lone surrogate", at: start) }
        return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
    }

    /// Four hexadecimal digits.
    private mutating func scanHex() throws(InputError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < count, let digit = Unicode.Scalar(source[at]).hexDigit else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | digit
            at += 1
        }
        return value
    }

    private mutating func appendUTF8(_ value: UInt32) {
        // `scanEscape` returns no surrogate and nothing past U+10FFFF.
        guard let scalar = Unicode.Scalar(value), let units = UTF8.encode(scalar) else { return }
        decoded.append(contentsOf: units)
    }
}

extension Unicode.Scalar {
    /// The value of a hexadecimal digit.
    fileprivate var hexDigit: UInt32? {
        switch value {
        case 0x30...0x39: value - 0x30
        case 0x41...0x46: value - 0x41 + 10
        case 0x61...0x66: value - 0x61 + 10
        default: nil
        }
    }
}
