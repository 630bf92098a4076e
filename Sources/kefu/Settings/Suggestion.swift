/// Finds what somebody probably meant.
enum Suggestion {
    /// More changed letters than this make another word.
    private static let farthest = 4

    static func nearest(to name: String) -> SettingName? {
        let ranked = SettingName.allCases.map { ($0, distance(Array(name.utf8), Array($0.rawValue.utf8))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= farthest else { return nil }
        return best.0
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
