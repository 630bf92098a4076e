/// WebSocket written and read byte by byte, so that wrong frames can be sent.
enum SocketBytes {
    static let handshake = [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    static func request(_ headers: [String] = handshake) -> [UInt8] {
        Array(RawClient.request("GET", "/api/event/ws", headers: headers).utf8)
    }

    /// A client's frame; its mask changes nothing.
    static func frame(_ first: UInt8, _ contents: [UInt8], isMasked: Bool = true) -> [UInt8] {
        let mark: UInt8 = isMasked ? 0x80 : 0
        let count = contents.count
        let length: [UInt8] =
            count < 126
            ? [mark | UInt8(count)]
            : count < 65_536
                ? [mark | 126, UInt8(count >> 8), UInt8(count & 255)]
                : [mark | 127, 0, 0, 0, 0, 0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
        return [first] + length + (isMasked ? [0, 0, 0, 0] : []) + contents
    }

    static func text(_ text: String) -> [UInt8] { frame(0x81, Array(text.utf8)) }

    /// The frames behind the head of an answer: the first byte of each, and its contents.
    static func frames(_ bytes: [UInt8]) -> [(first: UInt8, contents: [UInt8])] {
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
        var rest = bytes[head.upperBound...]
        var frames: [(first: UInt8, contents: [UInt8])] = []
        while rest.count >= 2 {
            let first = rest.removeFirst()
            var count = Int(rest.removeFirst())
            if count == 126 { count = Int(rest.removeFirst()) << 8 | Int(rest.removeFirst()) }
            frames.append((first, Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return frames
    }

    static func texts(_ bytes: [UInt8]) -> [String] {
        frames(bytes).filter { $0.first == 0x81 }.map { String(decoding: $0.contents, as: UTF8.self) }
    }

    /// The code of the close frame.
    static func closeCode(_ bytes: [UInt8]) -> Int? {
        frames(bytes).first { $0.first == 0x88 && $0.contents.count >= 2 }.map {
            Int($0.contents[0]) << 8 | Int($0.contents[1])
        }
    }
}
