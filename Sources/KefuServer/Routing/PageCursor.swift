import Crypto

/// The opaque cursors of lists: base64url (RFC 4648, section 5, unpadded) of `<kind><number>:<id>` and four bytes of a
/// digest, so that a cut or mistyped one is noticed. Not a secret: it holds what its page showed.
enum PageCursor: UInt8 {
    // The digit is the version of the format.
    case task = 0x31
    case callback = 0x41

    private static let digestBytes = 4

    func encode(_ number: Int64, _ id: String) -> String {
        let text = [rawValue] + Array("\(number):\(id)".utf8)
        return Base64URL.encode(text + Self.digest(text))
    }

    /// nil for anything that ``encode(_:_:)`` did not make for this kind of list.
    func decode(_ cursor: String) -> (number: Int64, id: String)? {
        guard let bytes = Base64URL.decode(cursor), bytes.count > Self.digestBytes else { return nil }
        let text = Array(bytes.dropLast(Self.digestBytes))
        guard Self.digest(text) == Array(bytes.suffix(Self.digestBytes)), text.first == rawValue,
            let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let number = Int64(String(decoding: text[1..<colon], as: UTF8.self)),
            let id = String(validating: text[(colon + 1)...], as: UTF8.self)
        else { return nil }
        return (number, id)
    }

    private static func digest(_ text: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: Array("kefu cursor ".utf8) + text).prefix(digestBytes))
    }
}

extension QueryParameters {
    func cursor(_ kind: PageCursor) throws(APIError) -> (number: Int64, id: String)? {
        guard let text = try text("cursor", bytes: 512) else { return nil }
        guard let cursor = kind.decode(text) else { throw .validation("cursor", "not a cursor of this list") }
        return cursor
    }
}
