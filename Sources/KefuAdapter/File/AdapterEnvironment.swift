/// The secrets and addresses that a file takes from the environment, by the names in its list `env`.
package struct AdapterEnvironment: Sendable {
    /// Of one file.
    static let mostNames = 32
    /// Bytes of one value.
    static let longestValue = 4096
    /// What stands for a value where people look.
    package static let mask = "***"

    let names: [String]
    private let values: [String: String]

    /// Reads the list and looks every name up; what is missing or unfit is a flaw.
    ///
    /// - Parameter missing: what stands in for a variable that is not set; nil: a flaw.
    init(_ list: FilePlace?, missing: ((String) -> String)?, lookUp: (String) -> String?) {
        var values: [String: String] = [:]
        let places = list?.elements() ?? []
        if places.count > Self.mostNames { list?.flaw("must have at most \(Self.mostNames) names") }
        for place in places.prefix(Self.mostNames) {
            guard let name = place.text() else { continue }
            guard Self.isName(name) else {
                place.flaw("must be a name of letters, digits and _")
                continue
            }
            guard values[name] == nil else {
                place.flaw("is listed twice")
                continue
            }
            let found = lookUp(name)
            if found == nil, missing == nil { place.flaw("\(name) is not set in the environment") }
            let value = found ?? missing?(name) ?? ""
            if !Self.isValue(value) {
                place.flaw("the value of \(name) must be at most \(Self.longestValue) bytes without control characters")
            }
            values[name] = value
        }
        self.values = values
        names = values.keys.sorted()
    }

    subscript(name: String) -> String? { values[name] }

    /// As the value of the name `env` in templates.
    var value: JSONValue { .members(names.map { ($0, .text(values[$0])) }) }
    var maskedValue: JSONValue { .members(names.map { ($0, .string(Self.mask)) }) }

    /// The text with every value hidden that is long enough to be a secret.
    func masking(_ text: String, and others: [String] = []) -> String {
        (others + values.values).filter { $0.utf8.count >= 6 }.reduce(text) { text, secret in
            text.contains(secret)
                ? text.split(separator: secret, omittingEmptySubsequences: false)
                    .joined(separator: Self.mask) : text
        }
    }

    /// The URL, cut where a variable's own query begins: webhooks have their key there.
    func maskingQuery(of url: String) -> String {
        for value in values.values where url.hasPrefix(value) {
            if let mark = value.firstIndex(of: "?") { return "\(value[..<mark])?\(Self.mask)" }
        }
        return url
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private static func isValue(_ value: String) -> Bool {
        value.utf8.count <= longestValue && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
