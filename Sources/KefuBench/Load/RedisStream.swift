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
            let length = RESP.replyLength(rest)
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

    private func write() throws(BenchError) {
        guard !output.isEmpty else { return }
        let count = output.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count >= 0 || errno == EAGAIN else { throw .system("write to Redis") }
        output.removeFirst(max(count, 0))
        try reactor.wantsToWrite(self, !output.isEmpty)
    }
}
