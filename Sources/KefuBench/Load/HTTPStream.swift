import Glibc

/// Reads HTTP/1.1 messages with a `Content-Length` from a socket: all that Kefu sends, as a server and as a client.
struct HTTPStream {
    /// Longer messages than this are an error; the answer to a batch of a thousand stays below.
    private static let capacity = 512 * 1024

    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    private var filled = 0

    /// Reads what is there and hands out each complete message: its first line and header fields, and its body.
    /// Both are valid during the call only.
    ///
    /// - Returns: Whether the peer still is connected.
    mutating func receive(
        from descriptor: Int32, each: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BenchError) -> Void
    ) throws(BenchError) -> Bool {
        let room = buffer.count - filled
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, room) }  // never empty
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return true }
            return false
        }
        filled += count
        var start = 0
        while let length = try nextLength(from: start) {
            try handOut(start..<start + length.head, start + length.head..<start + length.head + length.body, each)
            start += length.head + length.body
        }
        if start > 0 {
            buffer.withUnsafeMutableBytes { bytes in
                _ = memmove(bytes.baseAddress!, bytes.baseAddress! + start, filled - start)  // never empty
            }
            filled -= start
        }
        if filled == buffer.count {
            guard buffer.count < Self.capacity else {
                throw BenchError("a message of more than \(Self.capacity) bytes")
            }
            buffer.append(contentsOf: repeatElement(0, count: buffer.count))
        }
        return true
    }

    private func handOut(
        _ head: Range<Int>, _ body: Range<Int>,
        _ each: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(BenchError) -> Void
    ) throws(BenchError) {
        let outcome = buffer.withUnsafeBytes { bytes in
            Result { () throws(BenchError) in
                try each(
                    UnsafeRawBufferPointer(rebasing: bytes[head]), UnsafeRawBufferPointer(rebasing: bytes[body]))
            }
        }
        try outcome.get()
    }

    /// The lengths of the message that begins at `start`, when all of it has come.
    private func nextLength(from start: Int) throws(BenchError) -> (head: Int, body: Int)? {
        let length: (head: Int, body: Int?)? = buffer.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start..<filled])
            guard let end = rest.position(of: "\r\n\r\n") else { return nil }
            let head = UnsafeRawBufferPointer(rebasing: rest[..<(end + 4)])
            return (end + 4, head.number(after: "\r\nContent-Length: ") ?? head.number(after: "\r\ncontent-length: "))
        }
        guard let length else { return nil }
        guard let body = length.body else { throw BenchError("a message without Content-Length") }
        return start + length.head + body <= filled ? (length.head, body) : nil
    }
}

extension UnsafeRawBufferPointer {
    /// Where `text` begins, if it is here.
    func position(of text: StaticString) -> Int? {
        guard let base = baseAddress else { return nil }
        var start = 0
        let length = text.utf8CodeUnitCount
        while start + length <= count, let found = memchr(base + start, Int32(text.utf8Start.pointee), count - start) {
            start = UnsafeRawPointer(found) - base
            if start + length <= count, memcmp(base + start, text.utf8Start, length) == 0 { return start }
            start += 1
        }
        return nil
    }

    /// The decimal number that stands behind `text`.
    func number(after text: StaticString) -> Int? {
        guard let position = position(of: text) else { return nil }
        var value = 0
        for byte in self[(position + text.utf8CodeUnitCount)...] {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), value < 1 << 40 else { break }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}
