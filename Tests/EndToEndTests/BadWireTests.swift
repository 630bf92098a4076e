import TestSupport
import Testing

/// HTTP that is wrong before anybody looks at the body, at one running instance.
@Suite(.timeLimit(.minutes(2)))
struct BadWireTests {
    @Test func `bad HTTP is refused, changes nothing and ends nothing but its connection`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1"))
            try await kefu.expectUnchanged(site.redis) {
                for request in Self.paths + Self.parameters + Self.limits + Self.framing + Self.strangers {
                    try await request.expectRefused(by: kefu)
                }
            }
        }
    }

    @Test func `a request that never ends is cut off`() async throws {
        try await Site.run([:]) { _, kefu in
            // The last one is a whole request of HTTP/0.9, which had no headers.
            let beginnings = ["", "G", "GET /api/health HTTP/1.1\r\nHo", "GET /api/health\r\n"]
            try await withThrowingTaskGroup { group in
                for text in beginnings {
                    group.addTask { try await Wire.exchange(port: kefu.port, Array(text.utf8), answers: nil) }
                }
                for try await exchange in group {
                    #expect(exchange.isClosed)
                    for answer in exchange.answers { #expect(answer.status == 408 && answer.errorType == "timeout") }
                }
            }
        }
    }

    @Test func `requests on one connection are answered in order, up to the first broken one`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1"))
            let good = (1...100).map { number in
                Wire.request("GET", "/api/task/status/T\(number)", headers: ["X-Request-Id: r\(number)"])
            }
            let all = try await Wire.exchange(port: kefu.port, good.flatMap { $0 }, answers: 100)
            #expect(all.answers.map { $0["x-request-id"] } == (1...100).map { "r\($0)" })
            #expect(all.answers.map(\.status) == [200] + Array(repeating: 404, count: 99))
            let broken =
                good[..<50].flatMap { $0 } + Array("BAD\u{1} / HTTP/1.1\r\n\r\n".utf8) + good[50...].flatMap { $0 }
            let some = try await Wire.exchange(port: kefu.port, broken, answers: nil)
            #expect(some.isClosed && some.answers.count == 51 && some.answers.last?.status == 400)
            for _ in 0..<20 {
                // Gone before the answer.
                let bytes = Wire.request("POST", "/api/task/receive", body: Array(Tasks.message("T1").text.utf8))
                _ = try await Wire.exchange(port: kefu.port, bytes, answers: 0)
            }
            #expect(try await kefu.get("/api/health").status == 200)
        }
    }

    @Test func `what looks odd but is right is taken as it is`() async throws {
        try await Site.run([:]) { site, kefu in
            for id in [
                "{x}", "a:b", "*", "../..", "%0d%0aSET", "任务-1", "';return(redis.call('FLUSHALL'))", "kefu:{0}:ready",
            ] {
                try await kefu.accept(Tasks.message(id, customer: id))
                #expect(try await kefu.status(id)["task_id"].string == id)
                #expect(try await kefu.report(Tasks.said("好的", by: id, ["event_id": .string(id)])) == [id])
                #expect(try await kefu.status(id, is: "completed")["customer_id"].string == id)
            }
            let task = Array(Tasks.message("T1").text.utf8)
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"] {
                let bytes = Wire.request("POST", "/api/task/receive", headers: ["Content-Type: \(type)"], body: task)
                #expect(try await Wire.exchange(port: kefu.port, bytes).answers.map(\.status) == [200])
            }
            let expecting = Wire.request("POST", "/api/task/receive", headers: ["Expect: 100-continue"], body: task)
            let continued = try await Wire.exchange(port: kefu.port, expecting, answers: 2)
            #expect(continued.answers.map(\.status) == [100, 200])
            for id in ["plain-1.A_b", String(repeating: "x", count: 65), "esc\u{1B}[2J", "two words"] {
                let answer = try await kefu.get("/api/health/live", headers: ["X-Request-Id: \(id)"])
                #expect((answer["x-request-id"] == id) == (id == "plain-1.A_b"))
            }
            #expect(!kefu.child.complaints.contains("\u{1B}"))
        }
    }

    private static func get(_ target: String, _ status: Int, _ type: String) -> BadRequest {
        BadRequest(
            wire: "GET \(target.prefix(80))", bytes: Wire.request("GET", target), status: status, type: type,
            closes: false)
    }

    private static var paths: [BadRequest] {
        [
            "/index.html", "/api/nope", "/api/task/status/", "/api/task/status/a/b", "//api/health",
            "/api/../api/health", "/%2e%2e/api/health", "/api/health/", "/api/health%00", "/API/health",
            "/api/task/status/a%2Fb",
        ].map { get($0, 404, "not_found") } + [
            get("/api/task/receive", 405, "method_not_allowed"), get("/api/task/status/%zz", 400, "bad_request"),
            get("/api/task/status/%ff", 400, "bad_request"),
            BadRequest(
                wire: "POST to a status", bytes: Wire.request("POST", "/api/task/status/T1", body: []), status: 405,
                type: "method_not_allowed", closes: false),
            BadRequest(
                wire: "TRACE", bytes: Wire.request("TRACE", "/api/health"), status: 405, type: "method_not_allowed",
                closes: false),
            BadRequest(
                wire: "CONNECT", bytes: Wire.request("CONNECT", "kefu:443"), status: 405, type: "method_not_allowed",
                closes: true),
            BadRequest(
                wire: "an unknown method", bytes: Wire.request("FOO", "/api/health"), status: 400, type: "bad_request",
                closes: true),
        ]
    }

    private static var parameters: [BadRequest] {
        let list = [
            "limit=0", "limit=501", "limit=abc", "limit=1e9", "limit=-1", "limit=1&limit=2", "status=x", "priority=low",
            "cursor=x", "cursor=MTI6VDE", "q=%zz", "customer_id=" + String(repeating: "x", count: 129),
            (0..<1000).map { "p\($0)=1" }.joined(separator: "&"),
        ]
        return list.map { get("/api/task/list?\($0)", 400, "validation") } + [
            get("/api/callbacks?state=gone", 400, "validation"), get("/api/callbacks?limit=0", 400, "validation"),
        ]
    }

    private static let long = String(repeating: "x", count: 8 * 1024)

    private static var limits: [BadRequest] {
        let head = "POST /api/task/receive HTTP/1.1\r\nHost: x\r\n"
        let limit = 256 * 1024
        let fields = (0..<101).map { "X-\($0): 1" }
        let refusals: [(String, String, Int)] = [
            ("a long target", "GET /api/\(long) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
            ("long headers", "GET /api/health HTTP/1.1\r\nHost: x\r\nA: \(long)\r\nB: \(long)\r\n\r\n", 431),
            ("one long header", "GET /api/health HTTP/1.1\r\nHost: x\r\nA: \(long)\(long)\(long)\(long)\r\n\r\n", 431),
            ("many headers", "GET /api/health HTTP/1.1\r\nHost: x\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n", 431),
            ("a long body", "\(head)Content-Length: \(limit + 1)\r\n\r\n", 413),
            ("a body of 10 GB", "\(head)Content-Length: 10000000000\r\n\r\n", 413),
            ("a body beyond all numbers", "\(head)Content-Length: 9223372036854775807\r\n\r\n", 413),
            ("a long body that waits", "\(head)Expect: 100-continue\r\nContent-Length: \(limit + 1)\r\n\r\n", 413),
            (
                "a long body in chunks",
                "\(head)Transfer-Encoding: chunked\r\n\r\n"
                    + String(repeating: "8000\r\n\(String(repeating: "x", count: 0x8000))\r\n", count: 9), 413
            ),
        ]
        return refusals.map { BadRequest(wire: $0.0, $0.1, status: $0.2, type: "too_large", closes: true) }
            + [
                ("gzip", "Content-Encoding: gzip"),
                ("a foreign charset", "Content-Type: application/json; charset=gbk"),
            ].map { name, header in
                BadRequest(
                    wire: name,
                    bytes: Wire.request("POST", "/api/task/receive", headers: [header], body: [0x7B, 0x7D]),
                    status: 415, type: "unsupported_media_type", closes: false)
            }
    }

    private static var framing: [BadRequest] {
        let head = "POST /api/task/receive HTTP/1.1\r\nHost: x\r\n"
        let chunked = "\(head)Transfer-Encoding: chunked\r\n"
        let heads = [
            "\(head)Content-Length: -1\r\n\r\n", "\(head)Content-Length: +5\r\n\r\n{}   ",
            "\(head)Content-Length: 5, 5\r\n\r\n{}   ", "\(head)Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}    ",
            "\(head)Content-Length: 0x5\r\n\r\n{}   ", "\(head)Content-Length: 5 5\r\n\r\n{}   ",
            "\(chunked)Content-Length: 5\r\n\r\n0\r\n\r\n", "\(head)Transfer-Encoding: xchunked\r\n\r\n",
            "\(head)Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "\(head)Transfer-Encoding: gzip\r\n\r\n",
            "\(chunked)\r\nx\r\n", "\(chunked)\r\n-1\r\n\r\n", "\(chunked)\r\nffffffffffffffffff\r\n",
            "\(chunked)\r\n2\r\n{}x\r\n", "\(head)X: a\r\n b\r\n\r\n", "\(head)X : a\r\n\r\n", "\(head)X: a\0b\r\n\r\n",
            "\(head)\u{E4}: a\r\n\r\n", "\(head): a\r\n\r\n", "\(head)Host: y\r\n\r\n",
            "GET /api/health HTTP/1.1\r\n\r\n", "GET /api/health HTTP/1.1\nHost: x\n\n",
            "GÖT /api/health HTTP/1.1\r\n\r\n",
            "GET /api/h\u{E4}lth HTTP/1.1\r\nHost: x\r\n\r\n", "GET /api/health HTTP/9.9\r\nHost: x\r\n\r\n",
            "get /api/health HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
        return heads.map {
            BadRequest(wire: $0.debugDescription, $0, status: 400, type: "bad_request", closes: true)
        }
    }

    /// Those who speak something else.
    private static var strangers: [BadRequest] {
        let hello: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00]
        let others: [(String, [UInt8])] = [
            ("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)), ("TLS", hello),
            ("Redis", Array("*1\r\n$4\r\nPING\r\n".utf8)), ("nonsense", [0, 1, 2, 3, 0xFF]),
        ]
        return others.map { BadRequest(wire: $0.0, bytes: $0.1, status: 400, type: "bad_request", closes: true) }
    }
}
