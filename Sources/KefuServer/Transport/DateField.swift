import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The `Date` field of answers (RFC 9110, section 6.6.1), formatted once a second for one event loop.
final class DateField {
    private var second = -1
    private var line: [UInt8] = []

    /// The whole line with its CRLF.
    func current() -> [UInt8] {
        var now = timespec()
        // CLOCK_REALTIME cannot fail for a valid pointer.
        clock_gettime(CLOCK_REALTIME, &now)
        if now.tv_sec != second {
            second = now.tv_sec
            line = Array("Date: \(Self.format(epochSeconds: second))\r\n".utf8)
        }
        return line
    }

    /// IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func format(epochSeconds: Int) -> String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let days = epochSeconds / 86_400
        let rest = epochSeconds % 86_400
        // Days since 0000-03-01 in eras of 400 years, so that the leap day is the last of its year.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let time = "\(pad(rest / 3_600)):\(pad(rest / 60 % 60)):\(pad(rest % 60))"
        return "\(weekdays[days % 7]), \(pad(day)) \(months[month - 1]) \(year) \(time) GMT"
    }

    private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
