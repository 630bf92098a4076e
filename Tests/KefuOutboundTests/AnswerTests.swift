import KefuOutbound
import TestSupport
import Testing

/// Whatever a peer answers, an exchange ends in time, within its memory and with its connection given back.
@Suite struct AnswerTests {
    private static let soon = Duration.milliseconds(200)

    @Test(arguments: [HTTPSink.Reply.drip, .silence])
    func `a peer that drips or hangs is left at the time limit`(reply: HTTPSink.Reply) async throws {
        try await HTTPSink.run(respond: { _ in reply }) { sink in
            try await withTransport { transport in
                let request = HTTPRequest(.post, sink.url, body: [1], timeout: Self.soon)
                #expect(await transport.perform(request) == .failure(.timedOut))
                try await sink.until { $0.open == 0 }
                #expect(sink.requests.count == 1)
            }
        }
    }

    @Test func `an endless answer is cut at its limit and the connection closed`() async throws {
        try await HTTPSink.run(respond: { _ in .endless }) { sink in
            try await withTransport { transport in
                let result = await transport.perform(HTTPRequest(.post, sink.url, body: [1]))
                #expect(result.response?.status == 200)
                #expect(result.response?.isCut == true)
                #expect(result.response?.body.count == HTTPRequest.usualAnswerLimit)
                try await sink.until { $0.open == 0 }
            }
        }
    }

    @Test(arguments: [(64 * 1024, false), (64 * 1024 + 1, true), (10_000_000, true)])
    func `an answer may be exactly as long as the limit`(size: Int, cut: Bool) async throws {
        let reply = HTTPSink.Reply.status(200, body: String(repeating: "x", count: size))
        try await HTTPSink.run(respond: { _ in reply }) { sink in
            let result = try await withTransport { await $0.perform(HTTPRequest(.post, sink.url, body: [1])) }
            #expect(result.response?.isCut == cut)
            #expect(result.response?.body.count == min(size, HTTPRequest.usualAnswerLimit))
        }
    }

    @Test func `a caller may ask for a longer answer`() async throws {
        let body = String(repeating: "x", count: 300_000)
        try await HTTPSink.run(respond: { _ in .status(200, body: body) }) { sink in
            let request = HTTPRequest(.get, sink.url, answerLimit: 300_000)
            let result = try await withTransport { await $0.perform(request) }
            #expect(result.response?.body == Array(body.utf8))
        }
    }

    private static let broken: [String: String] = [
        "text": "garbage", "control bytes": "\u{0}\u{1}\u{2}", "another protocol": "SSH-2.0-OpenSSH_9.2\r\n",
        "half a body": "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "half a head": "HTTP/1.1 200 OK\r\ncontent-le", "a head without its end": "HTTP/1.1 200 OK\r\nX-A: b\r\n",
        "a strange version": "HTTP/9.9 200 OK\r\n\r\n", "nothing": "",
        "only an interim answer": "HTTP/1.1 100 \r\n\r\n",
        "a broken chunk": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab",
        "many headers": "HTTP/1.1 200 OK\r\n" + String(repeating: "X-Header: 0123456789\r\n", count: 50_000) + "\r\n",
        "a long header": "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1_000_000) + "\r\n\r\n",
    ]

    @Test(arguments: broken.keys.sorted())
    func `what is not a whole HTTP answer counts as none`(name: String) async throws {
        let bytes = try #require(Self.broken[name])
        try await HTTPSink.run(respond: { _ in .bytes(bytes) }) { sink in
            try await withTransport { transport in
                let result = await transport.perform(HTTPRequest(.post, sink.url, body: [1]))
                #expect(result.isUnreachable, "\(result)")
                #expect(sink.requests.count == 1)
            }
        }
    }

    @Test func `a compressed answer stays as it is`() async throws {
        let reply = HTTPSink.Reply.status(200, headers: [("Content-Encoding", "gzip")], body: "not gzip at all")
        try await HTTPSink.run(respond: { _ in reply }) { sink in
            let result = try await withTransport { await $0.perform(HTTPRequest(.post, sink.url, body: [1])) }
            #expect(result.response?.body == Array("not gzip at all".utf8))
        }
    }

    @Test func `a closed port and an unknown name are unreachable and say why`() async throws {
        let sink = try await HTTPSink.start()
        await sink.stop()
        try await withTransport { transport in
            for url in [sink.url, "http://kefu.invalid/"] {
                guard case .unreachable(let why) = await transport.perform(HTTPRequest(.post, url, body: [1])).failure
                else {
                    Issue.record("reached \(url)")
                    continue
                }
                #expect(!why.isEmpty)
            }
        }
    }

    @Test func `others are served while some peers hang`() async throws {
        let script: HTTPSink.Script = { $0.path == "/hang" ? .silence : .status(200) }
        try await HTTPSink.run(respond: script) { sink in
            try await withTransport { transport in
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 1...50 {
                        group.addTask {
                            let request = HTTPRequest(.post, "\(sink.url)/hang", body: [1], timeout: .seconds(60))
                            #expect(await transport.perform(request).isUnreachable)
                        }
                    }
                    try await sink.until { $0.requests.count == 50 }
                    for _ in 1...50 {
                        let result = await transport.perform(HTTPRequest(.post, sink.url, body: [1]))
                        #expect(result.response?.status == 200)
                    }
                    transport.shutdown()
                }
            }
        }
    }
}
