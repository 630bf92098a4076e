/// The two ways to write a time: `YYYY-MM-DD HH:MM:SS`, and RFC 3339, section 5.6 (`T` or a space between date and
/// time, fractions of any length, `Z` or an offset). Only the shape is checked here.
struct TimeText {
    private(set) var civil: CivilTime
    /// nil for a local time.
    private(set) var offsetSeconds: Int?

    init?(_ text: String) {
        var digits = Digits(rest: Array(text.utf8)[...])
        guard let year = digits.number(4), digits.skip("-"), let month = digits.number(2), digits.skip("-"),
            let day = digits.number(2)
        else { return nil }
        let isSpaced = digits.skip(" ")
        guard isSpaced || digits.skip("T") || digits.skip("t"), let hour = digits.number(2), digits.skip(":"),
            let minute = digits.number(2), digits.skip(":"), let second = digits.number(2)
        else { return nil }
        civil = CivilTime(
            year: year, month: month, day: day, hour: hour, minute: minute, second: second, millisecond: 0)
        if isSpaced, digits.rest.isEmpty { return }
        if digits.skip(".") {
            guard let millisecond = digits.milliseconds() else { return nil }
            civil.millisecond = millisecond
        }
        guard let offset = digits.offset(), digits.rest.isEmpty else { return nil }
        offsetSeconds = offset
    }
}

private struct Digits {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ expected: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: expected) else { return false }
        rest.removeFirst()
        return true
    }

    /// Exactly so many digits.
    mutating func number(_ width: Int) -> Int? {
        guard rest.count >= width, rest.prefix(width).allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        defer { rest.removeFirst(width) }
        return rest.prefix(width).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// One digit or more behind a decimal point.
    mutating func milliseconds() -> Int? {
        var value = 0
        var unit = 100
        let fraction = rest.prefix { 0x30...0x39 ~= $0 }
        guard !fraction.isEmpty else { return nil }
        for digit in fraction.prefix(3) {
            value += Int(digit - 0x30) * unit
            unit /= 10
        }
        rest.removeFirst(fraction.count)
        return value
    }

    /// Seconds east of Greenwich.
    mutating func offset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+"), let hours = number(2), skip(":"), let minutes = number(2), hours <= 23, minutes <= 59
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
