import Foundation
import KefuOutbound
import Synchronization
import TestSupport
import Testing

@Suite struct CurlTransportTests {
    @Test(arguments: [1, 400, 70_000, 1_500_000])
    func `a body goes out with its length, unchunked and without Expect`(size: Int) async throws {
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        try await HTTPSink.run { sink in
            let result = try await withTransport { await $0.perform(HTTPRequest(.post, sink.url, body: body)) }
            #expect(result.response?.status == 200)
            let request = try #require(sink.requests.first)
            #expect(request.body == body)
            #expect(request.values(of: "content-length") == ["\(size)"])
            #expect(request.header("transfer-encoding") == nil)
            #expect(request.header("expect") == nil)
            #expect(request.header("accept-encoding") == nil)
        }
    }

    @Test func `a request without a body is a plain GET or an empty POST`() async throws {
        try await HTTPSink.run { sink in
            try await withTransport { transport in
                _ = await transport.perform(HTTPRequest(.post, sink.url, body: [1, 2]))
                _ = await transport.perform(HTTPRequest(.get, "\(sink.url)/api/health?x=1"))
                _ = await transport.perform(HTTPRequest(.post, sink.url))
            }
            #expect(sink.requests.map(\.method) == ["POST", "GET", "POST"])
            #expect(sink.requests[1].path == "/api/health?x=1")
            #expect(sink.requests.map { $0.values(of: "content-length") } == [["2"], [], ["0"]])
            #expect(sink.requests.map(\.body) == [[1, 2], [], []])
        }
    }

    @Test func `one handle carries each method after each other`() async throws {
        try await HTTPSink.run { sink in
            let methods: [HTTPRequest.Method] = [.put, .get, .post, .put, .post, .get, .put]
            try await withTransport { transport in
                for method in methods { _ = await transport.perform(HTTPRequest(method, sink.url, body: [1])) }
            }
            #expect(sink.requests.map(\.method) == ["PUT", "GET", "POST", "PUT", "POST", "GET", "PUT"])
            #expect(sink.requests.map(\.body) == [[1], [], [1], [1], [1], [], [1]])
        }
    }

    @Test func `headers arrive as given and do not stay for the next request`() async throws {
        try await HTTPSink.run { sink in
            try await withTransport { transport in
                let headers = [("X-One", "a b"), ("X-Empty", ""), ("Content-Type", "application/json")]
                _ = await transport.perform(HTTPRequest(.post, sink.url, headers: headers, body: [1]))
                _ = await transport.perform(HTTPRequest(.post, sink.url, body: [1]))
            }
            let (first, second) = (sink.requests[0], sink.requests[1])
            #expect(first.header("x-one") == "a b")
            #expect(first.values(of: "x-empty") == [""])
            #expect(first.values(of: "content-type") == ["application/json"])
            #expect(second.header("x-one") == nil)
        }
    }

    @Test(arguments: [
        ("X-A", "b\r\nX-Injected: c"), ("X-A", "b\nc"), ("X-A", "b\u{0}"), ("X-A", "客户"), ("X-A\r\nX-B", "c"),
        ("X A", "c"), ("", "c"), ("X:A", "c"),
    ])
    func `a header that could forge another is refused and nothing is sent`(name: String, value: String) async throws {
        try await HTTPSink.run { sink in
            let request = HTTPRequest(.post, sink.url, headers: [(name, value)], body: [1])
            let result = try await withTransport { await $0.perform(request) }
            guard case .invalid = result.failure else {
                Issue.record("\(result)")
                return
            }
            #expect(sink.log.connections == 0)
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://127.0.0.1/", "//127.0.0.1", "http://", "http://a b/", "http://a/\r\nX: 1", "",
    ])
    func `only absolute web addresses are fetched`(url: String) async throws {
        let result = try await withTransport { await $0.perform(HTTPRequest(.get, url)) }
        guard case .invalid = result.failure else {
            Issue.record("\(result)")
            return
        }
    }

    @Test func `a proxy in the environment is not used`() async throws {
        try await HTTPSink.run { proxy in
            for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] { setenv(name, proxy.url, 1) }
            try await HTTPSink.run { sink in
                let result = try await withTransport { await $0.perform(HTTPRequest(.post, sink.url, body: [1])) }
                #expect(result.response?.status == 200)
                #expect(sink.requests.count == 1)
                #expect(proxy.log.connections == 0)
            }
            for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] { unsetenv(name) }
        }
    }

    @Test func `a redirect is handed back, not followed`() async throws {
        try await HTTPSink.run { other in
            let reply = HTTPSink.Reply.status(307, headers: [("Location", other.url)])
            try await HTTPSink.run(respond: { _ in reply }) { sink in
                let result = try await withTransport { await $0.perform(HTTPRequest(.post, sink.url, body: [1])) }
                #expect(result.response?.status == 307)
                #expect(other.log.connections == 0)
            }
        }
    }

    @Test func `200 requests run at once and their connections serve the next 200`() async throws {
        let count = 200
        let gate = HTTPSink.Gate()
        try await HTTPSink.run(respond: { .held(by: gate, .status(200, body: $0.text)) }) { sink in
            try await withTransport { transport in
                for round in 1...2 {
                    async let bodies = Self.echoes(of: count, over: transport, to: sink.url)
                    _ = try await sink.requests(atLeast: count)
                    gate.open()
                    #expect(await bodies == Set((0..<count).map { "message \($0)" }))
                    #expect(sink.requests.count == round * count)
                    #expect(sink.log.connections == count)
                }
            }
        }
    }

    @Test func `more requests than may run wait in order`() async throws {
        var limits = CurlTransport.Limits()
        limits.transfers = 2
        let gate = HTTPSink.Gate()
        try await HTTPSink.run(respond: { .held(by: gate, .status(200, body: $0.text)) }) { [limits] sink in
            try await withTransport(limits: limits) { transport in
                async let bodies = Self.echoes(of: 20, over: transport, to: sink.url)
                _ = try await sink.requests(atLeast: 2)
                #expect(sink.log.requests.count == 2)
                gate.open()
                #expect(await bodies.count == 20)
                #expect(sink.log.connections == 2)
            }
        }
    }

    @Test func `a connection that the peer closed while idle costs no attempt`() async throws {
        try await HTTPSink.run(respond: { _ in .bytes("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") }) { sink in
            try await withTransport { transport in
                for round in 1...20 {
                    let result = await transport.perform(HTTPRequest(.post, sink.url, body: [1]))
                    #expect(result.response?.status == 200)
                    try await sink.until { $0.open == 0 }
                    #expect(sink.requests.count == round)
                }
            }
        }
    }

    private static func echoes(of count: Int, over transport: CurlTransport, to url: String) async -> Set<String> {
        await withTaskGroup(of: String.self) { group in
            for number in 0..<count {
                group.addTask {
                    let request = HTTPRequest(
                        .post, url, body: Array("message \(number)".utf8), timeout: .seconds(60))
                    let result = await transport.perform(request)
                    return result.response.map { String(decoding: $0.body, as: UTF8.self) } ?? "\(result)"
                }
            }
            return await group.reduce(into: []) { $0.insert($1) }
        }
    }
}
