import Foundation

/// What NFKC_Casefold makes of each single scalar: worked out once, on first use, from Foundation's NFKC and the
/// standard library's case mappings. With it a text costs one look-up a scalar instead of two normalizations.
final class FoldingTable: Sendable {
    static let shared = FoldingTable()

    struct Entry {
        fileprivate let bits: UInt32

        /// Whether NFC may sort or join what stands for this scalar with its neighbours.
        var mayCompose: Bool { bits & 1 != 0 }

        /// The bytes, in ``FoldingTable/replacements``, that stand for the scalar; nil when it stays.
        var replacement: Range<Int>? {
            guard bits & 2 != 0 else { return nil }
            let start = Int(bits >> 10)
            return start..<start + Int(bits >> 2 & 0xFF)
        }
    }

    /// UTF-8. White space is U+0020 here.
    let replacements: [UInt8]
    private let entries: [UInt32]

    /// The planes and the block of compatibility ideographs outside of which a scalar stays or is invisible.
    private static let planes: UInt32 = 0x20000
    private static let ideographs: Range<UInt32> = 0x2F800..<0x2FA20

    subscript(scalar: UInt32) -> Entry {
        if scalar < Self.planes { return Entry(bits: entries[Int(scalar)]) }
        if Self.ideographs.contains(scalar) {
            return Entry(bits: entries[Int(Self.planes + scalar - Self.ideographs.lowerBound)])
        }
        // Replaced by nothing, or kept.
        return Entry(bits: ScalarClass.of(scalar) == .invisible ? 2 : 0)
    }

    private init() {
        var replacements: [UInt8] = []
        var entries = [UInt32](repeating: 0, count: Int(Self.planes) + Self.ideographs.count)
        for scalar in Self.candidates where Self.mayCompose(scalar) { entries[Self.slot(scalar)] = 1 }
        let changing = Self.candidates.filter(Self.changes)
        for (scalar, folded) in zip(changing, Self.fold(changing)) where folded != [scalar] {
            let start = replacements.count
            for scalar in folded { replacements.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            let bits = 2 | UInt32(replacements.count - start) << 2 | UInt32(start) << 10
            entries[Self.slot(scalar)] = folded.contains(where: Self.mayCompose) ? bits | 1 : bits
        }
        self.replacements = replacements
        self.entries = entries
    }

    private static func slot(_ scalar: Unicode.Scalar) -> Int {
        Int(scalar.value < planes ? scalar.value : scalar.value - ideographs.lowerBound + planes)
    }

    /// All but ideographs, Hangul syllables and private use, which stay as they are.
    private static var candidates: some Sequence<Unicode.Scalar> {
        let ranges = [0..<0x3400, 0xA000..<0xAC00, 0xD7A4..<0xD800, 0xF900..<0xFFFE, 0x10000..<planes, ideographs]
        return ranges.joined().lazy.compactMap(Unicode.Scalar.init)
    }

    private static func changes(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return properties.changesWhenNFKCCaseFolded || properties.changesWhenLowercased || properties.isWhitespace
            || !isVisible(scalar)
    }

    private static func fold(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        let plain = composed(scalars.map { isVisible($0) ? [$0] : [] })
        let folded = composed(plain.map { $0.filter(isVisible).flatMap(withoutCase) })
        return folded.map { $0.filter(isVisible).map { $0.properties.isWhitespace ? " " : $0 } }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        ScalarClass.of(scalar.value) != .invisible
    }

    /// NFKC of each sequence, by one call for all: U+0000 keeps them apart, and takes part in no composition.
    private static func composed(_ sequences: [[Unicode.Scalar]]) -> [[Unicode.Scalar]] {
        let apart: Unicode.Scalar = "\0"
        var all = String.UnicodeScalarView()
        for sequence in sequences {
            all.append(contentsOf: sequence.filter { $0 != apart })
            all.append(apart)
        }
        let composed = String(all).precomposedStringWithCompatibilityMapping.unicodeScalars
        return composed.split(separator: apart, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    /// Full case folding by way of the case mappings: ẞ → ß → SS → ss, ſ → S → s, ς → Σ → σ.
    private static func withoutCase(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        // The dotless i folds to itself although its capital is I.
        if scalar == "ı" { return [scalar] }
        let lower = scalar.properties.lowercaseMapping.unicodeScalars
        let upper = lower.flatMap { $0.properties.uppercaseMapping.unicodeScalars }
        return upper.flatMap { $0.properties.lowercaseMapping.unicodeScalars }
    }

    private static func mayCompose(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        // Conjoining jamo; the vowel signs of Kirat Rai, letters that compose.
        case 0x1100...0x11FF, 0xA960...0xA97F, 0xD7B0...0xD7FF, 0x16D40...0x16D7F: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return scalar.properties.canonicalCombiningClass != .notReordered
        }
    }
}
