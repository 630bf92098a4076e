/// base64url without padding (RFC 4648, section 5), read strictly: every text has one meaning.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits = 0
        var width = 0
        for byte in bytes {
            bits = bits << 8 | Int(byte)
            width += 8
            while width >= 6 {
                width -= 6
                text.append(alphabet[bits >> width & 63])
            }
            bits &= 63
        }
        if width > 0 { text.append(alphabet[bits << (6 - width) & 63]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil for foreign characters, an impossible length, and bits behind the last byte.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits = 0
        var width = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | value
            width += 6
            if width >= 8 {
                width -= 8
                bytes.append(UInt8(bits >> width & 255))
                bits &= (1 << width) - 1
            }
        }
        return width < 6 && bits == 0 ? bytes : nil
    }
}
