import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import KefuRedis

/// Hostile bytes from a Redis, or from what stands in its place; see ``FuzzRun`` for how to run more of them.
@Suite struct ReplyFuzzTests {
    private static let mutation = Mutation(words: [
        "+OK\r\n", "-ERR no\r\n", ":1\r\n", "$1\r\na\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "*2\r\n", "*1048577\r\n",
        "$536870912\r\n", "\r\n", "\n", "$", "*", ":", "%1\r\n", "_\r\n", "$2147483648\r\n",
    ])

    /// What one reader makes of bytes that come in these parts.
    private static func replies(_ parts: [[UInt8]]) -> (found: [RESPValue], isBroken: Bool) {
        var reader = RESPReader(limits: RedisClientLimits())
        var found: [RESPValue] = []
        do {
            for part in parts {
                try reader.feed(ByteBuffer(bytes: part))
                while let reply = try reader.next() { found.append(reply) }
            }
        } catch {
            return (found, true)
        }
        return (found, false)
    }

    @Test func `The same bytes make the same replies, wherever they are cut`() throws {
        let findings = try FuzzRun("resp", Self.mutation).run { input, random in
            let whole = Self.replies([input])
            let cut = Self.replies(random.cut(input))
            return whole == cut ? nil : "whole: \(whole), cut: \(cut)"
        }
        #expect(findings == [])
    }

    @Test func `What is written as a reply is read as it was`() throws {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        for _ in 0..<2000 {
            let values = (0..<random.below(6)).map { _ in Self.value(depth: 0, &random) }
            let bytes = values.flatMap(Self.encoded)
            let (found, isBroken) = Self.replies(random.cut(bytes))
            #expect(!isBroken && found == values, "\(FuzzRun.text(of: bytes))")
        }
    }

    /// hiredis of Debian 12 reads arrays up to seven deep.
    private static func value(depth: Int, _ random: inout SeededGenerator) -> RESPValue {
        switch random.below(depth < 6 ? 7 : 5) {
        case 0: .status(random.pick(["OK", "", "PONG 你好"]))
        case 1: .error(RESPError(random.pick(["ERR no", "OOM", "READONLY You can't"])))
        case 2: .integer(random.pick([0, -1, .max, .min, 42]))
        case 3: .null
        case 4: .string(random.pick(["", "a\r\nb", "*1\r\n", "你好", String(repeating: "x", count: 5000)]))
        default: .array((0..<random.below(5)).map { _ in value(depth: depth + 1, &random) })
        }
    }

    private static func encoded(_ value: RESPValue) -> [UInt8] {
        switch value {
        case .status(let text): Array("+\(text)\r\n".utf8)
        case .error(let error): Array("-\(error.text)\r\n".utf8)
        case .integer(let number): Array(":\(number)\r\n".utf8)
        case .null: Array("$-1\r\n".utf8)
        case .string(let text): Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8)
        case .array(let values): Array("*\(values.count)\r\n".utf8) + values.flatMap(encoded)
        }
    }

    /// Commands that all want the echo of their own number.
    private static let echoes = 8

    @Test func `Whatever comes back, nobody gets another's reply, and garbage ends the connection`() async throws {
        let honest = (0..<Self.echoes).map { "$2\r\ne\($0)\r\n" }.joined()
        let run = try FuzzRun("resp", Self.mutation, seeds: Array(repeating: Array(honest.utf8), count: 40), share: 0.5)
        let endpoint = RedisEndpoint(address: .unixSocket(path: "/none"))
        let connector = try RedisConnector(
            endpoint, login: RedisLogin(endpoint, scripts: [], name: "kefu"), limits: RedisClientLimits())
        var inputs: [([UInt8], [[UInt8]])] = []
        _ = run.run { input, random in
            inputs.append((input, random.cut(input)))
            return nil
        }
        var flaws: [String] = []
        for (input, parts) in inputs {
            let expected = Self.replies([input])
            let (results, isClosed) = await Self.exchange(parts, connector)
            let isRight = results.enumerated().allSatisfy { index, result in
                if case .success(let value) = result {
                    return index < expected.found.count && value == expected.found[index]
                }
                return index >= expected.found.count || expected.found[..<index].contains { $0.error != nil }
            }
            let mustClose = expected.isBroken || expected.found.count > Self.echoes
            // A replica's answer ends it, too.
            let mayClose = mustClose || expected.found.contains { $0.error?.has(prefix: "READONLY") == true }
            if !isRight || mustClose && !isClosed || isClosed && !mayClose {
                flaws.append("\(FuzzRun.text(of: input)): \(results) \(isClosed)")
            }
        }
        #expect(flaws.prefix(3) == [])
    }

    /// Signs in, sends all commands in one write, and lets the parts come back; what is still waiting fails at the end.
    private static func exchange(
        _ parts: [[UInt8]], _ connector: RedisConnector
    ) async -> (results: [Result<RESPValue, RedisClientError>], isClosed: Bool) {
        var wasClosed = false
        let results = await withCheckedContinuation { (caller: ReplyBatch.Caller) in
            let channel = EmbeddedChannel()
            let connection = RedisConnection(connector: connector, eventLoop: channel.eventLoop) {}
            // A channel of its own that is not connected yet cannot refuse a handler.
            try? channel.pipeline.syncOperations.addHandler(connection)
            connection.closed.assumeIsolated().whenSuccess { _ in wasClosed = true }
            channel.pipeline.fireChannelActive()
            channel.embeddedEventLoop.run()
            _ = try? channel.writeInbound(ByteBuffer(string: "+OK\r\n+PONG\r\n"))
            let commands = (0..<echoes).map { RESPCommand.plain(["ECHO", .string("e\($0)")]) }
            connection.send(commands, extraTime: .zero, to: ReplyBatch(count: echoes, caller: caller))
            channel.embeddedEventLoop.run()
            // What arrives behind the end is not read any more.
            for part in parts { _ = try? channel.writeInbound(ByteBuffer(bytes: part)) }
            channel.embeddedEventLoop.run()
            let wasClosedBefore = wasClosed
            connection.close("the end of the test")
            channel.embeddedEventLoop.run()
            _ = try? channel.finish(acceptAlreadyClosed: true)
            wasClosed = wasClosedBefore
        }
        return (results, wasClosed)
    }
}
