import Glibc

/// Counts and shows the commands that reach Redis, by `MONITOR`.
final class CommandWatch: Watched {
    /// Commands of scripts that change a key, as the scripts of `lua/` use them. Without `XTRIM`, by which every sweep
    /// looks at the stream of changes.
    private static let writes: Set<String> = [
        "HSET", "HDEL", "HINCRBY", "ZADD", "ZREM", "ZREMRANGEBYSCORE", "DEL", "UNLINK", "XADD", "SET", "EXPIRE",
        "PEXPIRE", "PEXPIREAT", "LPUSH", "RPUSH", "LTRIM", "SADD", "SREM", "INCR", "INCRBY", "HSETNX",
    ]

    /// Commands that clients sent.
    private(set) var commands = 0
    /// Those of them whose script wrote something.
    private(set) var writing = 0
    /// Called with the arguments of each command that a client sent, as `MONITOR` quotes them.
    var noticed: (Substring) -> Void = { _ in }
    let descriptor: Int32
    private var line: [UInt8] = []
    private var lastWrote = true

    init(path: String, reactor: Reactor) throws(BenchError) {
        descriptor = try Socket.connect(path: path)
        let command = Array("MONITOR\r\n".utf8)
        guard write(descriptor, command, command.count) == command.count else { throw .system("write to Redis") }
        try reactor.watch(self)
    }

    func ready(readable: Bool, writable: Bool) throws(BenchError) {
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { throw .system("read from Redis") }
        for byte in chunk[..<count] {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            take(String(decoding: line, as: UTF8.self))
            line.removeAll(keepingCapacity: true)
        }
    }

    /// A line is `+<time> [<db> <who>] "<command>" …`; who is `lua` for what a script does, and a script's own call
    /// stands before what it does.
    private func take(_ line: String) {
        guard let bracket = line.firstIndex(of: "]") else { return }
        guard line[..<bracket].hasSuffix(" lua") else {
            commands += 1
            lastWrote = false
            noticed(line[line.index(after: bracket)...])
            return
        }
        let command = line[bracket...].split(separator: "\"", maxSplits: 2).dropFirst().first ?? ""
        guard !lastWrote, Self.writes.contains(command.uppercased()) else { return }
        writing += 1
        lastWrote = true
    }
}
