import KefuCore
import KefuMetrics
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import KefuServer

/// Hostile bytes for the HTTP front, without sockets; see ``FuzzRun`` for how to run more of them.
@Suite struct FrontFuzzTests {
    private static let words = [
        "\r\n", "\r\n\r\n", "\n", " ", "\t", ":", "HTTP/1.1", "HTTP/1.0", "GET ", "POST ", "PUT ", "CONNECT ",
        "/api/task/list?limit=5&cursor=", "/api/task/status/", "/api/callbacks?state=dead", "%e5%a5%bd", "%00", "%zz",
        "Host: a\r\n", "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n", "Connection: close\r\n", "Connection: keep-alive\r\n", "Upgrade: h2c\r\n",
        "Content-Encoding: gzip\r\n", "X-Request-Id: a\r\n", "Authorization: Bearer token-0123456789abc\r\n",
        "5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "; a=b",
    ]

    private static let seeds = Bodies.requests.filter { !["/api/health", "/metrics"].contains($0.target) }.flatMap {
        request in
        let plain = RawClient.request(request.method, request.target, body: request.body)
        let chunked =
            "\(request.method) \(request.target) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (request.body.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" } ?? "") + "0\r\n\r\n"
        return [plain, plain + plain, chunked, chunked + plain].map { Array($0.utf8) }
    }

    /// What the contract allows a front whose store answers.
    private static let statuses: Set = [100, 200, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 429, 431]

    @Test func `Whatever arrives is answered as the contract says, the same wherever it is cut, and ends`() throws {
        let mutation = Mutation(words: Self.words, longest: 40_000)
        let front = try EmbeddedFront()
        let findings = try FuzzRun("http", mutation, seeds: Self.seeds, share: 0.25).run { input, random in
            let whole = front.exchange([input])
            if let flaw = whole.flaw(allowed: Self.statuses) { return flaw }
            let cut = front.exchange(random.cut(input))
            guard whole.summary == cut.summary else { return "whole: \(whole.summary), cut: \(cut.summary)" }
            return whole.hasEnded && cut.hasEnded ? nil : "still open behind the peer's end"
        }
        #expect(findings == [])
    }

    @Test func `What is decoded of a target is what was encoded`() throws {
        let mutation = Mutation(words: Self.words + ["limit", "=", "&", "+", "%2B", "%41", "MTI6VDE"], longest: 600)
        let findings = try FuzzRun("target", mutation).run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let decoded = PercentEncoding.decode(text[...].utf8, plusIsSpace: false)
            guard decoded.map({ Array($0.utf8) }) == Self.decoded(text) else { return "decoded as \(decoded ?? "nil")" }
            if let decoded {
                let encoded = decoded.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                guard PercentEncoding.decode(encoded[...].utf8, plusIsSpace: true) == decoded else { return "encoding" }
            }
            if let bytes = Base64URL.decode(text), Base64URL.encode(bytes) != text { return "two texts for \(bytes)" }
            if Base64URL.decode(Base64URL.encode(input)) != input { return "base64 of \(input)" }
            for kind in [PageCursor.task, .callback] {
                if let cursor = kind.decode(text), kind.encode(cursor.number, cursor.id) != text { return "a cursor" }
            }
            let cursor = PageCursor.task.encode(Int64(input.count), text)
            guard PageCursor.task.decode(cursor)?.id == text, PageCursor.callback.decode(cursor) == nil else {
                return "the cursor \(cursor)"
            }
            return Self.flawOfQuery(text)
        }
        #expect(findings == [])
    }

    /// What the text stands for, as plainly as it can be said; nil when a `%` stands without its two digits, or when
    /// it is not UTF-8.
    private static func decoded(_ text: String) -> [UInt8]? {
        let parts = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).map(Array.init)
        var bytes = parts[0]
        for part in parts.dropFirst() {
            let digits = part.prefix(2).map { Character(UnicodeScalar($0)) }
            guard digits.count == 2, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
                let byte = UInt8(String(digits), radix: 16)
            else { return nil }
            bytes += [byte] + part.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self) == nil ? nil : bytes
    }

    /// A query is refused, or each of its values is within the limits.
    private static func flawOfQuery(_ text: String) -> String? {
        do throws(APIError) {
            let query = try APIRoutes.listQuery(text)
            return (1...500).contains(query.limit) && query.text?.isEmpty != true ? nil : "\(query)"
        } catch {
            return error.status == 400 && error.kind == .validation ? nil : "\(error)"
        }
    }
}

/// The front's handlers behind a channel of NIO's own for tests: what it does happens before the call returns.
private struct EmbeddedFront {
    struct Exchange {
        var answers: [RawAnswer]
        /// Bytes that are no whole answer.
        var rest: Int
        var hasEnded: Bool

        /// What must not depend on where the bytes were cut.
        var summary: [String] { answers.map { "\($0.status) \($0.errorType ?? "")" } + ["\(rest)"] }

        func flaw(allowed: Set<Int>) -> String? {
            if rest > 0 { return "\(rest) bytes that are no answer" }
            for answer in answers where answer.status != 100 {
                // A mutation may find a page for people or what that is made of: of all answers only these have a tag.
                let isPage = answer.status == 200 && answer["etag"] != nil
                guard allowed.contains(answer.status), isPage || answer.json["code"].int == answer.status,
                    answer["x-request-id"]?.isEmpty == false
                else { return "\(answer.status) \(answer.body)" }
            }
            return nil
        }
    }

    private let server: ServerContext
    private let nowhere: SocketAddress

    init() throws {
        nowhere = try SocketAddress(unixDomainSocketPath: "/none")
        let store = FakeStore { answers in
            answers.receive = { $0.id.hasPrefix("b") ? .conflict(status: .running) : .accepted(generation: 1) }
            answers.match = { MatchOutcome(matched: [$0.customerID], duplicate: false) }
            answers.cancel = .success(.cancelled)
            answers.change = .success(.done)
            answers.update = .success(.updated(TaskRecord(id: "T", customer: Customer(id: "c"))))
            answers.history = .success(History(span: .hour, points: []))
            answers.status = { TaskRecord(id: $0, customer: Customer(id: "c")) }
            answers.list = .success(TaskPage(tasks: [], next: nil))
            answers.stats = .success(StoreStats())
            answers.update = .success(.missing)
            answers.history = .success(History(span: .hour, points: []))
            answers.callbacks = .success(CallbackPage(callbacks: [], next: nil))
            answers.replayed = .success(1)
        }
        let times = try #require(TimeZoneRules(name: "Asia/Shanghai"))
        let routes = APIRoutes(
            intake: TaskIntake(store: store, executor: IdleExecutor()), store: store,
            reader: RequestReader(timeZone: times, eventLog: .seconds(60)), times: times,
            instance: InstanceIdentity(id: "test-1", version: "1.2.3"), drain: DrainSignal(),
            broadcast: ChangeBroadcast(
                feed: FakeFeed(), store: store, times: times,
                logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }),
            scrape: { [] })
        // The health check asks a clock beside the event loop, and the stream has no end.
        let endless = ["/api/health", "/api/task/stream"]
        let router = Router(routes.all.filter { !endless.contains($0.path) })
        server = ServerContext(
            check: HeadCheck(router: router, access: AccessControl(), limits: ServerLimits()), drain: DrainSignal(),
            metrics: MetricsRegistry(), logger: Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A connection on which these parts arrive, then the peer's end.
    func exchange(_ parts: [[UInt8]]) -> Exchange {
        let channel = EmbeddedChannel()
        let loop = LoopResources(channel.embeddedEventLoop, server)
        // Nothing that these do on a channel in memory can fail, and what fails shows in what comes out.
        try? HTTPServer.addHandlers(to: channel.pipeline.syncOperations, server, loop, nil)
        channel.connect(to: nowhere, promise: nil)
        for part in parts where channel.isActive {
            _ = try? channel.writeInbound(ByteBuffer(bytes: part))
            channel.embeddedEventLoop.run()
        }
        if channel.isActive {
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            channel.embeddedEventLoop.run()
        }
        let hasEnded = !channel.isActive
        var sent = ByteBuffer()
        while var part = try? channel.readOutbound(as: ByteBuffer.self) { sent.writeBuffer(&part) }
        var answers: [RawAnswer] = []
        while let answer = RawAnswer(&sent, hasBody: true) { answers.append(answer) }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return Exchange(answers: answers, rest: sent.readableBytes, hasEnded: hasEnded)
    }
}
