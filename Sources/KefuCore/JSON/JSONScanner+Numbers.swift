// Numbers: the grammar of RFC 8259, and a value that an IEEE double can hold. Too small a value counts as zero.
extension JSONScanner {
    mutating func scanNumber() throws(InputError) {
        let start = at
        if source[at] == UInt8(ascii: "-") { at += 1 }
        let integer = at
        try scanDigits()
        let integerDigits = at - integer
        if source[integer] == UInt8(ascii: "0"), integerDigits > 1 {
            throw Self.error("a number must not begin with 0", at: start)
        }
        var isPlain = true
        if at < count, source[at] == UInt8(ascii: ".") {
            at += 1
            try scanDigits()
        }
        let mantissaEnd = at
        if at < count, source[at] | 0x20 == UInt8(ascii: "e") {
            isPlain = false
            at += 1
            if at < count, source[at] == UInt8(ascii: "+") || source[at] == UInt8(ascii: "-") { at += 1 }
            try scanDigits()
        }
        if !isPlain || integerDigits > Self.safeDigits {
            try checkRange(from: start, integer: integer, integerDigits: integerDigits, mantissaEnd: mantissaEnd)
        }
        append(.number, from: start)
    }

    /// 10 to this power is a double, 10 to the next but one is none.
    private static let safeDigits = 308

    private mutating func scanDigits() throws(InputError) {
        let start = at
        while at < count, 0x30...0x39 ~= source[at] { at += 1 }
        if at == start { throw unexpected("a digit") }
    }

    private func checkRange(
        from start: Int, integer: Int, integerDigits: Int, mantissaEnd: Int
    ) throws(InputError) {
        // With the value written as 0.ddd × 10^magnitude, d ≠ 0, all but one magnitude decide by themselves.
        var magnitude = integerDigits
        if source[integer] == 0x30 {
            magnitude = 0
            var position = integer + 2
            while position < mantissaEnd, source[position] == 0x30 {
                position += 1
                magnitude -= 1
            }
            if position >= mantissaEnd { return }
        }
        magnitude += exponent(from: mantissaEnd)
        if magnitude <= Self.safeDigits { return }
        let text = String(decoding: UnsafeBufferPointer(start: source + start, count: at - start), as: UTF8.self)
        if magnitude > Self.safeDigits + 1 || Double(text)?.isFinite != true {
            throw Self.error("the number is outside the range of a double", at: start)
        }
    }

    /// The exponent between `start` (its `e`, or the number's end) and the number's end, bounded.
    private func exponent(from start: Int) -> Int {
        guard start < at else { return 0 }
        var value = 0
        for position in (start + 1)..<at where 0x30...0x39 ~= source[position] {
            value = min(value * 10 + Int(source[position] - 0x30), 1 << 40)
        }
        return source[start + 1] == UInt8(ascii: "-") ? -value : value
    }
}
