/// A date and time of day of the proleptic Gregorian calendar, without a zone.
struct CivilTime: Equatable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    var millisecond: Int

    static let years = 1970...9999

    /// Whether there is such a day and time. Leap seconds are not read.
    var isValid: Bool {
        guard Self.years.contains(year), 1...12 ~= month, day >= 1, day <= Self.days(of: month, year) else {
            return false
        }
        return 0...23 ~= hour && 0...59 ~= minute && 0...59 ~= second
    }

    private static func days(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Epoch milliseconds, were this UTC.
    var epochMs: Int64 {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil: years begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + Int64(millisecond)
    }
}

extension CivilTime {
    /// The UTC date and time of an instant.
    init(epochMs: Int64) {
        // The same, civil_from_days.
        let msOfDay = Int(((epochMs % 86_400_000) + 86_400_000) % 86_400_000)
        let days = Int((epochMs - Int64(msOfDay)) / 86_400_000) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.init(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, hour: msOfDay / 3_600_000,
            minute: msOfDay / 60_000 % 60, second: msOfDay / 1000 % 60, millisecond: msOfDay % 1000)
    }
}
