/// One number that one repetition of a workload measured, and what it is to be.
struct Figure {
    /// Unique inside its workload.
    let name: String
    let value: Double
    let unit: String
    let better: Better
    let goal: Goal?

    init(_ name: String, _ value: Double, _ unit: String, _ better: Better = .lower, goal: Goal? = nil) {
        self.name = name
        self.value = value
        self.unit = unit
        self.better = better
        self.goal = goal
    }
}

/// Which way a figure improves.
enum Better: String, Codable {
    case lower, higher
    /// It only describes.
    case neither
}

/// What a median must not pass. Exactly one of the two is set.
struct Goal: Codable, Equatable {
    let atMost: Double?
    let atLeast: Double?

    static func atMost(_ value: Double) -> Goal { Goal(atMost: value, atLeast: nil) }
    static func atLeast(_ value: Double) -> Goal { Goal(atMost: nil, atLeast: value) }

    func isMet(by value: Double) -> Bool {
        value <= atMost ?? .infinity && value >= atLeast ?? -.infinity
    }

    var text: String { atMost.map { "≤ \($0.shown)" } ?? atLeast.map { "≥ \($0.shown)" } ?? "" }
}

extension Double {
    /// With three significant digits, and separators from a thousand on.
    var shown: String {
        if self < 0 { return "-" + (-self).shown }
        if self >= 1000 {
            var digits = String(Int64(rounded()))
            var position = digits.count - 3
            while position > 0 {
                digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
                position -= 3
            }
            return digits
        }
        let decimals = self >= 100 || self == rounded() ? 0 : self >= 10 ? 1 : 2
        return decimals == 0 ? String(Int64(rounded())) : fixed(decimals)
    }

    /// With one or two digits behind the point.
    private func fixed(_ decimals: Int) -> String {
        let unit = decimals == 1 ? 10 : 100
        let scaled = Int64((self * Double(unit)).rounded())
        let fraction = String(scaled % Int64(unit))
        return "\(scaled / Int64(unit))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
