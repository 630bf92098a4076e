import Glibc

/// Asks the benchmark's Redis a question at a time, over its unix socket.
final class RedisProbe {
    private let descriptor: Int32

    init(path: String) throws(BenchError) {
        descriptor = try Socket.connect(path: path)
    }

    deinit {
        close(descriptor)
    }

    /// The reply's text without its type and length; commands whose reply is no array only.
    func ask(_ command: String) throws(BenchError) -> String {
        let line = Array((command + "\r\n").utf8)
        guard write(descriptor, line, line.count) == line.count else { throw .system("write to Redis") }
        var reply: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 16 * 1024)
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw .system("read from Redis") }
            reply += chunk[..<count]
            if let text = Self.text(of: reply) { return text }
        }
    }

    func integer(_ command: String) throws(BenchError) -> Int {
        let text = try ask(command)
        guard let number = Int(text) else { throw BenchError("\(command): \(text)") }
        return number
    }

    /// One field of `INFO`.
    func info(_ section: String, _ field: String) throws(BenchError) -> Int {
        for line in try ask("INFO \(section)").split(whereSeparator: \.isNewline) where line.hasPrefix("\(field):") {
            if let number = Int(line.dropFirst(field.count + 1)) { return number }
        }
        throw BenchError("INFO \(section) has no \(field)")
    }

    /// The longest that one command has held Redis since `CONFIG RESETSTAT`, milliseconds with two digits.
    ///
    /// Each line is `latency_percentiles_usec_<command>:p100=<µs>`; what a script calls is part of its `evalsha`.
    func longestHoldMilliseconds() throws(BenchError) -> Double {
        let lines = try ask("INFO latencystats").split(whereSeparator: \.isNewline)
        let microseconds = lines.compactMap { line in line.split(separator: "=").last.flatMap { Double($0) } }
        guard let longest = microseconds.max() else { throw BenchError("INFO latencystats has no commands") }
        return longest / 1000
    }

    private static func text(of reply: [UInt8]) -> String? {
        guard let end = reply.firstIndex(of: UInt8(ascii: "\n")), let kind = reply.first else { return nil }
        let line = String(decoding: reply[1..<(end - 1)], as: UTF8.self)
        guard kind == UInt8(ascii: "$"), let length = Int(line), length >= 0 else { return line }
        return reply.count >= end + 1 + length + 2
            ? String(decoding: reply[(end + 1)..<(end + 1 + length)], as: UTF8.self) : nil
    }
}
