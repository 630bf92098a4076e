/// Finds what somebody probably meant.
enum Suggestion {
    /// The known name that is spelled almost so, begins so, or ends in the same word: `KEFU_PORT` is `HTTP_API_PORT`.
    static func nearest(to name: String) -> SettingName? {
        let ranked = SettingName.allCases.map { ($0, distance(Array(name.utf8), Array($0.rawValue.utf8))) }
        let word = name.drop { $0 != "_" }
        // Half of the letters behind the first word may differ; more make another name.
        if let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= max(1, (word.utf8.count - 1) / 2), best.1 < 4 {
            return best.0
        }
        return SettingName.allCases.first { $0.rawValue.hasPrefix("\(name)_") }
            ?? SettingName.allCases.first { !word.isEmpty && $0.rawValue.hasSuffix(word) }
    }

    /// How many letters must be inserted, removed or replaced (Levenshtein).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                row[j + 1] = letter == other ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[right.count]
    }
}
