import Foundation
import TestSupport

/// Short texts of scalars that are hard to normalize.
enum RandomText {
    static let withoutMarks: [Unicode.Scalar] = Array(
        "aKzß İſςﬁ①㎏好的。，！ＡＢ　\u{200B}\u{AD}\u{FE0F}\u{200D}\u{3164}\u{212A}\u{FDFA}Дé한😀\tアヿ…%-ıẞŉǄ\u{85}\u{2028}"
            .unicodeScalars)

    static let marks: [Unicode.Scalar] = Array(
        "\u{301}\u{323}\u{34F}\u{3099}\u{FF9E}\u{345}\u{307}\u{1161}\u{11AB}\u{9BE}\u{F73}\u{20DD}\u{B4}\u{1D165}"
            .unicodeScalars)

    static func make(
        using random: inout SeededGenerator, pool: [Unicode.Scalar] = withoutMarks + marks
    ) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            // The pools are not empty.
            if let scalar = pool.randomElement(using: &random) { text.append(scalar) }
        }
        return String(text)
    }

    /// The rule word for word, by Foundation and whole-text passes.
    static func reference(_ text: String) -> String {
        var text = visible(text)
        for _ in 0..<3 {
            text = visible(text.precomposedStringWithCompatibilityMapping)
            text = text.unicodeScalars.map { scalar in
                if scalar == "ı" { return "ı" }
                let upper = scalar.properties.lowercaseMapping.unicodeScalars.map(\.properties.uppercaseMapping)
                    .joined()
                return upper.unicodeScalars.map(\.properties.lowercaseMapping).joined()
            }.joined()
            text = visible(text.precomposedStringWithCompatibilityMapping)
        }
        return text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace).map { String($0) }
            .joined(separator: " ")
    }

    private static func visible(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter {
                    !$0.properties.isDefaultIgnorableCodePoint && $0.properties.generalCategory != .format
                }))
    }
}
