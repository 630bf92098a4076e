/// One measured number, and what it is to be.
struct Figure: Codable {
    let workload: String
    let name: String
    let value: Double
    let unit: String
    /// The largest value that meets the goal; nil when there is none.
    var atMost: Double?

    var meetsGoal: Bool? { atMost.map { value <= $0 } }

    /// With three significant digits, and separators from a thousand on.
    var text: String {
        if value >= 1000 {
            var digits = String(Int64(value.rounded()))
            var position = digits.count - 3
            while position > 0 {
                digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
                position -= 3
            }
            return digits
        }
        let decimals = value >= 100 || value == value.rounded() ? 0 : value >= 10 ? 1 : 2
        return decimals == 0 ? String(Int64(value.rounded())) : Self.fixed(value, decimals)
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        let unit = decimals == 1 ? 10 : 100
        let scaled = Int64((value * Double(unit)).rounded())
        let fraction = String(scaled % Int64(unit))
        return "\(scaled / Int64(unit))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
