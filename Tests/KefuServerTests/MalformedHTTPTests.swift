import KefuCore
import KefuServer
import NIOCore
import Testing

@Suite struct MalformedHTTPTests {
    private static let post = "POST /api/task/receive HTTP/1.1\r\nHost: h\r\n"

    @Test(arguments: [
        post + "Content-Length: -1\r\n\r\n", post + "Content-Length: +5\r\n\r\nhello",
        post + "Content-Length: 5, 5\r\n\r\nhello", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", post + "Content-Length: 0x5\r\n\r\nhello",
        post + "Content-Length: 99999999999999999999999\r\n\r\n",
        post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n",
        post + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        "GET /api/health HTTP/1.1\nHost: h\n\n", "GET /api/health HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
        "GET /api/health HTTP/1.1\r\nHost : h\r\n\r\n", "GET /api/health HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
        "GET /api/health HTTP/1.1\r\nHost: h\r\nX\u{FF}: a\r\n\r\n", "GÉT /api/health HTTP/1.1\r\nHost: h\r\n\r\n",
        "FOO /api/health HTTP/1.1\r\nHost: h\r\n\r\n", "GET /api/health HTTP/1.1\r\n\r\n",
        "GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /api/health\r\n\r\n",
        "GET /api/health HTTP/3.0\r\nHost: h\r\n\r\n", "GET /api/health X HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /api/heälth HTTP/1.1\r\nHost: h\r\n\r\n", "GET /api/task/status/\u{4EFB} HTTP/1.1\r\nHost: h\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}\0\u{01}\0\u{01}\u{FC}",
        "POST /api/task/receive HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func itIsAnsweredWith400AndTheConnectionCloses(bytes: String) async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            // Behind it, a request that must not be answered.
            try await client.send(bytes + RawClient.request("GET", "/api/health/live"))
            let answer = try await client.answer()
            #expect(answer.status == 400)
            #expect(answer.errorType == "bad_request")
            #expect(answer.json["code"].int == 400)
            #expect(answer.closes)
            #expect(answer["x-request-id"] != nil)
            #expect(try await client.rest() == "")
            #expect(server.store.calls.isEmpty)
            #expect(!server.log.events.contains { !$0.contains("HTTP server") })
        }
    }

    @Test func `A request cut by the end of the stream is 400`() async throws {
        try await TestServer.run { server in
            for part in ["GET /api/hea", RawClient.request("POST", "/api/event", body: Bodies.event).dropLast(3) + ""] {
                let client = try await server.connect()
                try await client.send(part)
                try await client.finishSending()
                #expect(try await client.answer().status == 400)
                #expect(try await client.rest() == "")
            }
        }
    }

    @Test(arguments: [
        ("GET", "/api/task/receive", 405, "POST"), ("POST", "/api/health", 405, "GET, HEAD"),
        ("PUT", "/api/health", 405, "GET, HEAD"), ("OPTIONS", "/api/task/receive", 405, "POST"),
        ("TRACE", "/api/health", 405, "GET, HEAD"), ("PUT", "/api/task/status/x", 405, "GET, HEAD"),
        ("DELETE", "/api/event", 405, "POST"), ("CONNECT", "h:443", 405, "GET, POST"),
        ("GET", "/x", 404, nil as String?), ("GET", "/api/task/status/", 404, nil), ("GET", "//api/health", 404, nil),
        ("GET", "/api/../api/health", 404, nil), ("GET", "/api/%68ealth", 404, nil), ("GET", "/api/health/", 404, nil),
        ("GET", "/API/health", 404, nil), ("GET", "/assets/", 404, nil), ("GET", "/assets/x.js", 404, nil),
        ("POST", "/assets/app.js", 405, "GET, HEAD"), ("POST", "/", 405, "GET, HEAD"),
        ("GET", "/api/task/status/a/b", 404, nil), ("GET", "/%00", 404, nil),
        ("OPTIONS", "*", 404, nil), ("GET", "/api/health#x", 404, nil),
    ])
    func anUnknownPathIs404AndAnotherMethod405(
        method: String, target: String, status: Int, allow: String?
    ) async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            let answer = try await client.exchange(method, target)
            #expect(answer.status == status)
            #expect(answer["allow"] == allow)
            if method != "HEAD" { #expect(answer.errorType == (status == 404 ? "not_found" : "method_not_allowed")) }
            guard method != "CONNECT" else { return }
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
        }
    }

    @Test func `The absolute form of a target is understood`() async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("GET", "http://kefu:5678/api/health/live?x=1")
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        (["Content-Encoding: gzip"], 415), (["Content-Encoding: identity"], 200),
        (["Content-Encoding: identity", "Content-Encoding: br"], 415),
        (["Content-Type: application/json; charset=gbk"], 415),
        (["Content-Type: application/json;charset=\"UTF-8\""], 200), (["Content-Type: text/plain"], 200),
        (["Content-Type: application/json; a=b; Charset=utf8"], 200), (["Content-Type: "], 200), ([], 200),
    ])
    func onlyPlainUTF8IsRead(headers: [String], status: Int) async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            let answer = try await client.exchange("POST", "/api/task/receive", headers: headers, body: Bodies.task())
            #expect(answer.status == status)
            if status == 415 { #expect(answer.errorType == "unsupported_media_type") }
            let next = try await client.exchange("GET", "/api/health/live")
            #expect(next.status == 200)
        }
    }
}
