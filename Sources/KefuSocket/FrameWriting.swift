import Crypto
import NIOCore
import NIOWebSocket

// How frames are written (RFC 6455, 5.2): straight into the buffer that the socket gets, so that all answers of one
// batch leave in one write.

extension ByteBuffer {
    /// Appends one whole, unfragmented frame.
    ///
    /// - Parameter role: the writer's: clients mask, with a key that nobody can foresee.
    mutating func writeFrame(_ opcode: WebSocketOpcode, _ contents: [UInt8], as role: SocketRole) {
        writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
        let mark: UInt8 = role == .client ? 0x80 : 0
        switch contents.count {
        case ...125: writeInteger(mark | UInt8(contents.count))
        case ...0xFFFF:
            writeInteger(mark | 126)
            writeInteger(UInt16(contents.count))
        default:
            writeInteger(mark | 127)
            writeInteger(UInt64(contents.count))
        }
        guard role == .client else {
            writeBytes(contents)
            return
        }
        let key = UInt32.random(in: .min ... .max)
        writeInteger(key)
        let masks = (0..<4).map { UInt8(truncatingIfNeeded: key >> (24 - 8 * UInt32($0))) }
        var masked = contents
        for index in masked.indices { masked[index] ^= masks[index & 3] }
        writeBytes(masked)
    }

    mutating func writeFrame(_ close: SocketClose, as role: SocketRole) {
        var contents = [UInt8(close.code >> 8), UInt8(close.code & 0xFF)]
        contents += close.reason.utf8.prefix(123)
        writeFrame(.connectionClose, contents, as: role)
    }
}

/// The two fields by which both sides see that they mean WebSocket (RFC 6455, 1.3).
package enum HandshakeKey {
    private static let salt = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// A new `Sec-WebSocket-Key`.
    package static func random() -> String {
        base64((0..<16).map { _ in UInt8.random(in: .min ... .max) })
    }

    /// The `Sec-WebSocket-Accept` that answers a key.
    package static func accept(_ key: String) -> String {
        base64(Array(Insecure.SHA1.hash(data: Array((key + salt).utf8))))
    }

    /// Whether a `Sec-WebSocket-Key` is 16 bytes in base64.
    package static func isValid(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes.suffix(2).elementsEqual("==".utf8) else { return false }
        return bytes.dropLast(2).allSatisfy(alphabet.contains)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let isPad = place > group.count
                text.append(isPad ? UInt8(ascii: "=") : alphabet[Int(bits >> (18 - 6 * UInt32(place)) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
