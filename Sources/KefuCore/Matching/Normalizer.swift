import Foundation

/// Brings keywords and texts into the one form in which `match` compares them, byte by byte.
///
/// The form is NFKC_Casefold (Unicode 15, definition R5 of toNFKC_Casefold: each scalar replaced by itself without
/// compatibility and case differences, or by nothing if it is invisible; then NFC), with each run of white space
/// as one space and none at the ends. It is a fixed point: normalizing once more changes nothing.
///
/// Texts must have passed the check for combining marks (``JSONElement/firstMarkRun``), else the time may grow with
/// the square of the length.
package enum Normalizer {
    /// Builds the tables that the first text beyond Chinese and ASCII would else wait for (some 50 ms). To be called
    /// once before requests come.
    package static func warmUp() {
        _ = FoldingTable.shared
        _ = ScalarClass.of(0)
    }

    package static func normalize(_ text: String) -> String {
        var text = text
        // No text becomes so long.
        return text.withUTF8 { normalize(utf8: $0, atMost: Int.max / longestComposition) } ?? ""
    }

    /// - Parameter text: valid UTF-8.
    /// - Returns: nil when the normalized text would be longer than `limit` bytes.
    package static func normalize(utf8 text: UnsafeBufferPointer<UInt8>, atMost limit: Int) -> String? {
        var pass = FoldingPass(capacity: min(text.count, limit))
        pass.run(over: text, atMost: limit)
        let folded = String(decoding: pass.output, as: UTF8.self)
        let normalized = pass.mayCompose ? folded.precomposedStringWithCanonicalMapping : folded
        return normalized.utf8.count <= limit ? normalized : nil
    }

    /// NFC makes a text at most so many times shorter (three jamo become one syllable).
    fileprivate static let longestComposition = 3

    /// A normalized text without the spaces and punctuation (category P) at its ends, for `exact`.
    package static func trimPunctuation(_ normalized: String) -> String {
        let scalars = normalized.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isTrimmed($0) }),
            let last = scalars.lastIndex(where: { !isTrimmed($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    private static func isTrimmed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation, .spaceSeparator:
            true
        default: false
        }
    }
}

/// One pass over a text that writes its folded form. Runs of scalars that stay as they are, which is nearly all of
/// a Chinese text, are copied whole and without a look into ``FoldingTable``.
private struct FoldingPass {
    private(set) var output: [UInt8] = []
    /// Whether the output has marks or jamo, which NFC may have to sort and join.
    private(set) var mayCompose = false
    private var owesSpace = false

    init(capacity: Int) { output.reserveCapacity(capacity) }

    /// Stops early where it is clear that the normalized text will be longer than `limit`.
    mutating func run(over text: UnsafeBufferPointer<UInt8>, atMost limit: Int) {
        var at = 0
        var copied = 0
        while at < text.count {
            // What follows can still shorten the last few scalars, and with marks all of them.
            if output.count > (mayCompose ? limit * Normalizer.longestComposition : limit + 64) { return }
            let (scalar, width) = Self.scalar(in: text, at: at)
            let fold = Self.fold(scalar)
            if fold == .same, !owesSpace {
                at += width
                continue
            }
            output.append(contentsOf: text[copied..<at])
            switch fold {
            case .same:
                payOwedSpace()
                copied = at
            case .byte(let byte):
                append(byte)
                copied = at + width
            case .nothing: copied = at + width
            case .table:
                appendFolded(scalar, original: text[at..<at + width])
                copied = at + width
            }
            at += width
        }
        output.append(contentsOf: text[copied...])
    }

    private enum Fold: Equatable {
        case same
        case byte(UInt8)
        case nothing
        case table
    }

    private static func fold(_ scalar: UInt32) -> Fold {
        switch scalar {
        case 0x20, 0x09...0x0D: .byte(0x20)
        case 0x41...0x5A: .byte(UInt8(scalar | 0x20))
        case 0..<0x80: .same
        // Ideographs; punctuation and kana but for what composes with or stands for something else; Hangul; emoji.
        case 0x4E00...0x9FFF, 0x3001...0x3003, 0x3008...0x3011, 0x3014...0x301B, 0x3041...0x3096, 0x30A1...0x30FE,
            0x3400...0x4DBF, 0xAC00...0xD7A3, 0x1F300...0x1FAFF, 0x20000...0x2EBEF:
            .same
        case 0xFF21...0xFF3A: .byte(UInt8(scalar - 0xFEE0) | 0x20)
        case 0xFF01...0xFF5E: .byte(UInt8(scalar - 0xFEE0))
        case 0x3000: .byte(0x20)
        case 0x200D, 0xFE0F: .nothing
        default: .table
        }
    }

    private mutating func append(_ byte: UInt8) {
        if byte == 0x20 {
            owesSpace = true
        } else {
            payOwedSpace()
            output.append(byte)
        }
    }

    /// A run of white space becomes a space only between two other scalars.
    private mutating func payOwedSpace() {
        if owesSpace, !output.isEmpty { output.append(0x20) }
        owesSpace = false
    }

    private mutating func appendFolded(_ scalar: UInt32, original: Slice<UnsafeBufferPointer<UInt8>>) {
        let entry = FoldingTable.shared[scalar]
        if entry.mayCompose { mayCompose = true }
        guard let range = entry.replacement else {
            payOwedSpace()
            output.append(contentsOf: original)
            return
        }
        let replacement = FoldingTable.shared.replacements[range]
        if replacement.contains(0x20) {
            for byte in replacement { append(byte) }
        } else if !replacement.isEmpty {
            payOwedSpace()
            output.append(contentsOf: replacement)
        }
    }

    /// The scalar at an offset of valid UTF-8, and its width in bytes.
    private static func scalar(in text: UnsafeBufferPointer<UInt8>, at: Int) -> (UInt32, Int) {
        let lead = UInt32(text[at])
        switch lead {
        case ..<0x80: return (lead, 1)
        case ..<0xE0: return ((lead & 0x1F) << 6 | UInt32(text[at + 1] & 0x3F), 2)
        case ..<0xF0:
            return ((lead & 0x0F) << 12 | UInt32(text[at + 1] & 0x3F) << 6 | UInt32(text[at + 2] & 0x3F), 3)
        default:
            let high = (lead & 0x07) << 18 | UInt32(text[at + 1] & 0x3F) << 12
            return (high | UInt32(text[at + 2] & 0x3F) << 6 | UInt32(text[at + 3] & 0x3F), 4)
        }
    }
}
