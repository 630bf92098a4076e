import KefuCore
import Mustache

/// What a template's values go through before they stand in its text, so that none can end what surrounds it.
enum Escaping: String, CaseIterable {
    /// Inside a JSON string (RFC 8259, section 7).
    case json = "KEFU_JSON"
    /// Inside a URL or a form: all but the unreserved characters and `*` as `%XX` (RFC 3986, section 2).
    case url = "KEFU_URL"
    /// Inside a header: all but visible ASCII and spaces as `%XX`, line breaks with them (RFC 9110, section 5.5).
    case header = "KEFU_HEADER"

    /// The pragma that makes Mustache escape so. Nothing behind it counts as a line of its own.
    var pragma: String {
        Self.registered
        return "{{%CONTENT_TYPE:\(rawValue)}}"
    }

    /// Once in the process: the library keeps its content types for all templates.
    private static let registered: Void = {
        for escaping in allCases {
            MustacheContentTypes.register(EscapedText(escaping: escaping), named: escaping.rawValue)
        }
    }()

    func escape(_ text: String) -> String {
        var text = text
        return text.withUTF8 { utf8 in
            switch self {
            case .json: Self.quoted(utf8)
            case .url: Self.percentEncoded(utf8, unless: Self.isUnreserved)
            case .header: Self.percentEncoded(utf8) { (0x20...0x7E).contains($0) }
            }
        }
    }

    private static func quoted(_ utf8: UnsafeBufferPointer<UInt8>) -> String {
        var json = JSONWriter(capacity: utf8.count + 16)
        json.string(utf8: utf8)
        return String(decoding: json.bytes.dropFirst().dropLast(), as: UTF8.self)
    }

    private static func percentEncoded(_ utf8: UnsafeBufferPointer<UInt8>, unless isPlain: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count + 16)
        for byte in utf8 {
            if isPlain(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "*"):
            true
        default: false
        }
    }
}

private struct EscapedText: MustacheContentType {
    let escaping: Escaping

    func escapeText(_ text: String) -> String { escaping.escape(text) }
}
