/// The query of a request: known parameters once each, unknown ones ignored, an empty value the same as none.
struct QueryParameters {
    private var values: [(name: String, value: String)] = []

    /// - Throws: `validation` for a known parameter that comes twice or is wrongly escaped, and for more than
    ///   ``ServerLimits/queryParameters`` parameters.
    init(_ query: String, known: [String]) throws(APIError) {
        guard !query.isEmpty else { return }
        var count = 0
        for pair in query.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            count += 1
            guard count <= ServerLimits.queryParameters else {
                throw APIError(
                    400, .validation, "参数校验失败", detail: "at most \(ServerLimits.queryParameters) query parameters")
            }
            let nameEnd = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = PercentEncoding.decode(pair[..<nameEnd], plusIsSpace: true),
                known.contains(where: { $0.utf8.elementsEqual(name.utf8) })
            else { continue }
            let rest = nameEnd == pair.endIndex ? pair[nameEnd...] : pair[pair.index(after: nameEnd)...]
            guard let value = PercentEncoding.decode(rest, plusIsSpace: true) else {
                throw .validation(name, "wrong percent-encoding, or not UTF-8")
            }
            guard !values.contains(where: { $0.name == name }) else { throw .validation(name, "given more than once") }
            values.append((name, value))
        }
    }

    /// The value as text of at most `bytes` bytes.
    func text(_ name: String, bytes: Int) throws(APIError) -> String? {
        guard let value = values.first(where: { $0.name == name })?.value, !value.isEmpty else { return nil }
        guard value.utf8.count <= bytes else { throw .validation(name, "at most \(bytes) bytes") }
        return value
    }

    /// The value as one of a closed list of words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ name: String, _: Word.Type = Word.self
    ) throws(APIError) -> Word? where Word.RawValue == String {
        guard let text = try text(name, bytes: 32) else { return nil }
        guard let word = Word(rawValue: text) else {
            let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw .validation(name, "one of: \(allowed)")
        }
        return word
    }

    /// The value as `true` or `false`, which is the default.
    func flag(_ name: String) throws(APIError) -> Bool {
        switch try text(name, bytes: 32) {
        case nil, "false": return false
        case "true": return true
        default: throw .validation(name, "one of: true, false")
        }
    }

    /// The value as a decimal number in a range.
    func number(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = try text(name, bytes: 32) else { return nil }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text), range.contains(number)
        else {
            throw .validation(name, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
