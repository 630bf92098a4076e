/// What a scalar does to a run of combining marks.
///
/// Unicode normalization sorts such a run, in time that grows with the square of its length, so runs are bounded
/// before anything compares, hashes or normalizes a text (UAX #15, Stream-Safe Text Format).
package enum ScalarClass: UInt8 {
    /// Ends a run.
    case starter
    /// Lengthens it: a canonical combining class other than 0, now or after compatibility decomposition.
    case mark
    /// Neither: default-ignorable and format characters, which normalizing takes out.
    case invisible

    package static func of(_ scalar: UInt32) -> ScalarClass {
        if scalar < 0x20000 { return ScalarClass(rawValue: table[Int(scalar)]) ?? .starter }
        return (0xE0000..<0xE1000).contains(scalar) ? .invisible : .starter
    }

    /// The first two planes; in the others only the tags and variation selectors of plane 14 are special.
    private static let table: [UInt8] = (0..<0x20000).map { value in
        guard let scalar = Unicode.Scalar(UInt32(value)) else { return starter.rawValue }
        if isInvisible(scalar) { return invisible.rawValue }
        return isMark(scalar) ? mark.rawValue : starter.rawValue
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.generalCategory == .format
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Starters that decompose to marks alone: half-width voicing marks and three Tibetan vowel signs.
        case 0xFF9E, 0xFF9F, 0x0F73, 0x0F75, 0x0F81: true
        default: scalar.properties.canonicalCombiningClass != .notReordered
        }
    }
}

/// Counts marks in a row while a string is scanned.
struct MarkRun {
    /// The bound of the Stream-Safe Text Format.
    static let longest = 30

    private var length = 0
    private(set) var isTooLong = false

    mutating func end() { length = 0 }

    mutating func see(_ scalar: UInt32) {
        // Ideographs, most of the text that comes in.
        if scalar &- 0x3400 < 0x7200 {
            length = 0
            return
        }
        switch ScalarClass.of(scalar) {
        case .starter: length = 0
        case .invisible: break
        case .mark:
            length += 1
            if length > Self.longest { isTooLong = true }
        }
    }
}
