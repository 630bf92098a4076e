/// The beginning of a foreign text, made fit to be shown in a log line or a record.
package enum AnswerExcerpt {
    /// Bytes of UTF-8.
    static let limit = 200

    /// One line of printable text; control, format and other invisible characters and broken UTF-8 become one space.
    package static func of(_ body: [UInt8]) -> String {
        var excerpt = String.UnicodeScalarView()
        var size = 0
        var pendingSpace = false
        // A scalar has at most 4 bytes; one that the cut breaks is dropped like any other broken UTF-8.
        for scalar in String(decoding: body.prefix(limit), as: UTF8.self).unicodeScalars {
            guard isShown(scalar) else {
                pendingSpace = size > 0
                continue
            }
            let added = UTF8.width(scalar) + (pendingSpace ? 1 : 0)
            guard size + added <= limit else { break }
            if pendingSpace { excerpt.append(" ") }
            pendingSpace = false
            excerpt.append(scalar)
            size += added
        }
        return String(excerpt)
    }

    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            false
        default: scalar != "\u{FFFD}" && !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
