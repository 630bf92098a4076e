/// Texts that a message is compared with: as sent, and as `match` compares them.
struct KeywordReader {
    private(set) var normalized: [String] = []
    private let isTrimmed: Bool

    /// - Parameter isTrimmed: whether punctuation at the ends does not count, as for `exact`.
    init(isTrimmed: Bool) { self.isTrimmed = isTrimmed }

    /// Adds one text.
    mutating func read(_ element: JSONElement) throws(InputError) -> String {
        let text = try element.text(.characters(1...InputLimits.keywordCharacters))
        let limit = InputLimits.normalizedKeywordBytes
        guard var normalized = Normalizer.normalize(utf8: element.utf8, atMost: limit) else {
            throw InputError(.validation, detail: "must be at most \(limit) bytes long when normalized")
        }
        if isTrimmed { normalized = Normalizer.trimPunctuation(normalized) }
        if normalized.isEmpty {
            let cause = isTrimmed ? "spaces, punctuation and invisible characters" : "spaces and invisible characters"
            throw InputError(.validation, detail: "must have more than \(cause)")
        }
        if !self.normalized.contains(where: { $0.utf8.elementsEqual(normalized.utf8) }) {
            self.normalized.append(normalized)
        }
        return text
    }

    /// Adds an array of texts.
    mutating func readAll(_ element: JSONElement) throws(InputError) -> [String] {
        try element.expect(.array)
        var texts: [String] = []
        for item in element.elements {
            guard texts.count < InputLimits.keywords else { throw Self.tooMany }
            do { texts.append(try read(item)) } catch { throw error.inside("[\(texts.count)]") }
        }
        if normalized.count > InputLimits.keywords { throw Self.tooMany }
        return texts
    }

    private static let tooMany = InputError(.validation, detail: "must have at most \(InputLimits.keywords) texts")
}
