import Glibc
import KefuSocket

/// One WebSocket connection that keeps so many events on their way: frame after frame out, an answer to each in.
/// Either it connects to Kefu, or Kefu has connected to it.
final class FrameStream: Watched {
    /// Events on their way at once.
    static let window = 1024

    let descriptor: Int32
    private(set) var answered = 0
    /// Whether answers go on being asked for.
    var isOver = false
    private let reactor: Reactor
    private let isClient: Bool
    private let body: [UInt8]
    private var isOpen = false
    private var sent = 0
    private var input: [UInt8] = []
    private var output: [UInt8] = []

    var isIdle: Bool { answered == sent }

    /// - Parameter body: with ``TaskText/task`` where the customer's number belongs.
    init(_ descriptor: Int32, isClient: Bool, body: String, reactor: Reactor) throws(BenchError) {
        self.descriptor = descriptor
        self.isClient = isClient
        self.body = Array(body.utf8)
        self.reactor = reactor
        try reactor.watch(self)
        guard isClient else { return }
        output += Array(
            ("GET /api/event/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(HandshakeKey.random())\r\n\r\n").utf8)
        try write()
    }

    func close() { reactor.drop(self) }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        if readable { try receive() }
        try fill()
        try write()
    }

    private func receive() throws(BenchError) {
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        let count = part.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            throw BenchError("Kefu closed the WebSocket connection")
        }
        input += part[..<count]
        if !isOpen { try shakeHands() }
        if isOpen { try takeFrames() }
    }

    private func shakeHands() throws(BenchError) {
        let text = String(decoding: input, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return }
        if isClient {
            guard text.hasPrefix("HTTP/1.1 101") else { throw BenchError("no WebSocket: \(text)") }
        } else {
            let line = text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key: ") }
            guard let key = line?.dropFirst("sec-websocket-key: ".count) else { throw BenchError("no key: \(text)") }
            output += Array(
                ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: \(HandshakeKey.accept(String(key)))\r\n\r\n").utf8)
        }
        input.removeFirst(text[..<end.upperBound].utf8.count)
        isOpen = true
    }

    private func takeFrames() throws(BenchError) {
        let mask = isClient ? 0 : 4
        var start = 0
        while input.count - start >= 2 {
            let first = input[start]
            var (length, head) = (Int(input[start + 1] & 0x7F), 2)
            if length == 126 {
                guard input.count - start >= 4 else { break }
                (length, head) = (Int(input[start + 2]) << 8 | Int(input[start + 3]), 4)
            }
            let contents = start + head + mask
            guard input.count >= contents + length else { break }
            switch first {
            case 0x81: try check(contents..<contents + length, key: start + head)
            case 0x89: output += [0x8A, isClient ? 0x80 : 0] + (isClient ? [0, 0, 0, 0] : [])
            default: throw BenchError("a frame that nobody asked for: \(first)")
            }
            start = contents + length
        }
        input.removeFirst(start)
    }

    private static let answer = Array(#"{"event_id":null,"code":200,"matched":[],"duplicate":false}"#.utf8)

    private func check(_ contents: Range<Int>, key: Int) throws(BenchError) {
        var isRight = contents.count == Self.answer.count
        for position in 0..<min(contents.count, Self.answer.count) {
            let mask = isClient ? 0 : input[key + (position & 3)]
            isRight = isRight && input[contents.lowerBound + position] ^ mask == Self.answer[position]
        }
        guard isRight else { throw BenchError("an answer that is not the one expected") }
        answered += 1
    }

    private func fill() throws(BenchError) {
        guard isOpen, !isOver, output.count < 256 * 1024 else { return }
        while sent - answered < Self.window {
            let number = sent % 1_000_000
            output.append(0x81)
            let mark: UInt8 = isClient ? 0x80 : 0
            if body.count < 126 {
                output.append(mark | UInt8(body.count))
            } else {
                output += [mark | 126, UInt8(body.count >> 8), UInt8(body.count & 255)]
            }
            if isClient { output += [0, 0, 0, 0] }  // a mask that changes nothing
            let start = output.count
            output += body
            var rest = number
            for place in (0..<TaskText.digits).reversed() {
                output[start + placeOfNumber + place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            sent += 1
        }
    }

    private lazy var placeOfNumber: Int = {
        let text = String(decoding: body, as: UTF8.self)
        return text.range(of: TaskText.task).map { text[..<$0.lowerBound].utf8.count } ?? 0
    }()

    private func write() throws(BenchError) {
        guard !output.isEmpty else { return }
        let count = output.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 || errno == EAGAIN else { throw .system("write") }
        output.removeFirst(max(count, 0))
        try reactor.wantsToWrite(self, !output.isEmpty)
    }
}

/// Listens as a platform does that Kefu connects to.
final class SocketPlatform: Watched {
    let descriptor: Int32
    let port: UInt16
    /// The connection that Kefu has opened.
    private(set) var stream: FrameStream?
    private let reactor: Reactor
    private let body: String

    init(body: String, reactor: Reactor) throws(BenchError) {
        (descriptor, port) = try Socket.listen()
        self.reactor = reactor
        self.body = body
        try reactor.watch(self)
    }

    func close() { reactor.drop(self) }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw .system("accept") }
        try Socket.makeLoadReady(accepted)
        stream = try FrameStream(accepted, isClient: false, body: body, reactor: reactor)
    }
}
