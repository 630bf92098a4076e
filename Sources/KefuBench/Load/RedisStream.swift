import Glibc

/// One connection straight to Redis that sends so many commands at once, and the next when all are answered: what
/// `redis-benchmark -P` does, which cannot write one number to several places of a command.
final class RedisStream: Watched {
    let descriptor: Int32
    private(set) var answered = 0
    /// Whether no more commands are sent.
    var isOver = false
    private let depth: Int
    private let next: () -> [UInt8]
    private let expected: StaticString
    private let reactor: Reactor
    private var sent = 0
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 64 * 1024)

    var isIdle: Bool { answered == sent }

    /// - Parameters:
    ///   - depth: how many commands are on their way together.
    ///   - expected: stands in every answer.
    ///   - next: the next command, as it is sent.
    init(
        path: String, depth: Int, expected: StaticString, reactor: Reactor, next: @escaping () -> [UInt8]
    ) throws(BenchError) {
        descriptor = try Socket.connect(path: path)
        try Socket.makeNonBlocking(descriptor)
        (self.depth, self.expected, self.reactor, self.next) = (depth, expected, reactor, next)
        try reactor.watch(self)
    }

    func close() { reactor.drop(self) }

    /// Sends the first commands; those behind them follow by themselves.
    func start() throws(BenchError) {
        for _ in 0..<depth { output += next() }
        sent += depth
        try write()
    }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        if readable { try receive() }
        if isIdle, !isOver { try start() } else if writable { try write() }
    }

    private func receive() throws(BenchError) {
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            throw BenchError("Redis closed a connection")
        }
        input += chunk[..<count]
        var start = 0
        while let length = try replyLength(from: start) { start += length }
        input.removeFirst(start)
    }

    /// The length of the complete reply that begins at `start`, after a look at what it says.
    private func replyLength(from start: Int) throws(BenchError) -> Int? {
        let (length, isRight) = input.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let length = Self.replyLength(rest)
            let reply = length.map { UnsafeRawBufferPointer(rebasing: rest[..<$0]) }
            return (length, reply?.position(of: expected) != nil)
        }
        guard let length else { return nil }
        guard isRight else {
            throw BenchError("Redis answers \(String(decoding: input[start..<start + length], as: UTF8.self))")
        }
        answered += 1
        return length
    }

    /// The length of the RESP2 reply that the bytes begin with; nil while some of it is missing.
    private static func replyLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var (position, missing) = (0, 1)
        while missing > 0 {
            guard position < bytes.count, let line = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
                return nil
            }
            let digits = bytes[(position + 1)..<line]
            // Negative for what is absent: nothing follows.
            let isAbsent = digits.first == UInt8(ascii: "-")
            let number = digits.reduce(0) { 48...57 ~= $1 ? $0 &* 10 &+ Int($1 - 48) : $0 }
            missing -= 1
            if bytes[position] == UInt8(ascii: "*"), !isAbsent { missing += number }
            let contents = bytes[position] == UInt8(ascii: "$") && !isAbsent ? number + 2 : 0
            position = line + 1 + contents
        }
        return position <= bytes.count ? position : nil
    }

    private func write() throws(BenchError) {
        guard !output.isEmpty else { return }
        let count = output.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 || errno == EAGAIN else { throw .system("write to Redis") }
        output.removeFirst(max(count, 0))
        try reactor.wantsToWrite(self, !output.isEmpty)
    }
}

/// Commands as they go over the wire.
enum RedisCommand {
    static func bytes(_ arguments: [[UInt8]]) -> [UInt8] {
        arguments.reduce(into: Array("*\(arguments.count)\r\n".utf8)) { bytes, argument in
            bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10]
        }
    }

    /// What `MONITOR` shows as quoted strings, each between spaces.
    static func unquoted(_ line: Substring) -> [[UInt8]] {
        let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "a"): 7,
            UInt8(ascii: "b"): 8,
        ]
        var arguments: [[UInt8]] = []
        var isInside = false
        var rest = Array(line.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                if !isInside { arguments.append([]) }
                isInside.toggle()
            case UInt8(ascii: "\\") where isInside:
                guard let escaped = rest.popFirst() else { break }
                var value = escapes[escaped] ?? escaped
                if escaped == UInt8(ascii: "x") {
                    value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0
                    rest = rest.dropFirst(2)
                }
                arguments[arguments.count - 1].append(value)
            default: if isInside { arguments[arguments.count - 1].append(byte) }
            }
        }
        return arguments
    }
}
