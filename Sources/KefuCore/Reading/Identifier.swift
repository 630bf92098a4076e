import Foundation

/// The rule for every id: 1–128 bytes; no white space, control or invisible characters; NFC. Ids are compared and
/// stored as bytes, so two that look the same must be the same bytes.
package enum Identifier {
    /// What an error says is allowed.
    package static let rule =
        "must be 1–\(InputLimits.idBytes) bytes, in NFC, without white space, control or invisible characters"

    package static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid(utf8: $0) }
    }

    /// The same as an error: for ids from paths and queries.
    package static func check(_ text: String, field: String) throws(InputError) {
        if !isValid(text) { throw InputError(.validation, field: field, detail: rule) }
    }

    static func read(_ element: JSONElement) throws(InputError) -> String {
        try element.expect(.string)
        guard isValid(utf8: element.utf8) else { throw InputError(.validation, detail: rule) }
        return String(decoding: element.utf8, as: UTF8.self)
    }

    private static func isValid(utf8: UnsafeBufferPointer<UInt8>) -> Bool {
        guard 1...InputLimits.idBytes ~= utf8.count else { return false }
        if utf8.allSatisfy({ 0x21...0x7E ~= $0 }) { return true }
        let text = String(decoding: utf8, as: UTF8.self)
        guard text.unicodeScalars.allSatisfy(isAllowed) else { return false }
        let areIdeographs = text.unicodeScalars.allSatisfy { $0.isASCII || 0x4E00...0x9FFF ~= $0.value }
        return areIdeographs || text.precomposedStringWithCanonicalMapping.utf8.elementsEqual(utf8)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return 0x21...0x7E ~= scalar.value }
        if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control { return false }
        return ScalarClass.of(scalar.value) != .invisible
    }
}
