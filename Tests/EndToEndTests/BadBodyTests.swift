import TestSupport
import Testing

/// Bodies that are not JSON, or not what they should be, at one running instance.
@Suite(.timeLimit(.minutes(2)))
struct BadBodyTests {
    @Test func `a bad body is refused with its field, and changes nothing`() async throws {
        try await withSomeTasks { site, kefu in
            try await kefu.expectUnchanged(site.redis) {
                let all = Self.notJSON + Self.wrongShape + BadTasks.all + BadEvents.all
                for request in all { try await request.expectRefused(by: kefu) }
            }
        }
    }

    @Test func `a task cut anywhere is refused`() async throws {
        try await withSomeTasks { site, kefu in
            try await kefu.expectUnchanged(site.redis) {
                let whole = Array(Document.fileAfterReply.utf8)
                let requests = whole.indices.flatMap { count in
                    Wire.request("POST", "/api/task/receive", body: Array(whole[..<count]))
                }
                // All on one connection, one behind the other.
                let exchange = try await Wire.exchange(port: kefu.port, requests, answers: whole.count)
                #expect(exchange.answers.count == whole.count)
                for (count, answer) in exchange.answers.enumerated() {
                    #expect(answer.status == 400 && answer.errorType == "invalid_json", "cut at \(count)")
                    // A cut character is reported where it begins.
                    let offsets = (0..<3).map { "(at byte \(count - $0))" }
                    let detail = answer.json["error"]["detail"].string ?? ""
                    #expect(offsets.contains { detail.hasSuffix($0) }, "cut at \(count): \(detail)")
                }
            }
        }
    }

    @Test func `batches refuse what is no batch, and item by item what is no item`() async throws {
        try await withSomeTasks { site, kefu in
            try await kefu.expectUnchanged(site.redis) {
                for path in ["/api/task/receive/batch", "/api/event/batch"] {
                    for body in [
                        "{}", "7", "null", "[" + Array(repeating: "1", count: 1001).joined(separator: ",") + "]",
                    ] {
                        try await BadRequest(String(body.prefix(9)), path, body: Array(body.utf8))
                            .expectRefused(by: kefu)
                    }
                    try await BadRequest("cut", path, body: Array("[{}".utf8), type: "invalid_json")
                        .expectRefused(by: kefu)
                    let many = "{" + (0..<200_000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
                    try await BadRequest("200,000 keys", path, body: Array(many.utf8)).expectRefused(by: kefu)
                    let items = try await kefu.post(path, "[1, {}, [], \"x\", null]")
                    #expect(
                        items.status == 200
                            && items.data["results"].elements.map { $0["code"] }
                                == .init(
                                    repeating: 400, count: 5)
                    )
                    var tooLarge = BadRequest("", path, body: [], status: 413, type: "too_large")
                    tooLarge.bytes = Array(
                        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(4 * 1024 * 1024 + 1)\r\n\r\n".utf8)
                    tooLarge.closes = true
                    try await tooLarge.expectRefused(by: kefu)
                }
            }
        }
    }

    /// One instance with a task in each state that a mistake could touch.
    private func withSomeTasks(_ body: (Site, Instance) async throws -> Void) async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { $0.text.contains("failed") ? .status(400) : .status(200) }
            for id in ["waiting", "completed", "failed", "cancelled"] {
                try await kefu.accept(Tasks.message(id, customer: id))
            }
            #expect(try await kefu.cancel("cancelled").status == 200)
            for id in ["completed", "failed"] {
                _ = try await kefu.report(Tasks.said("好的", by: id, ["event_id": "m1"]))
                try await kefu.status(id, is: id)
            }
            _ = try await site.receiver.requests(atLeast: 3)
            try await eventually("the outbox is empty") {
                try await kefu.get("/api/task/stats").data["queues"]["callbacks"] == 0
            }
            try await body(site, kefu)
        }
    }

    private static let task = Tasks.message("bad").text

    private static var notJSON: [BadRequest] {
        let depth = { (count: Int) in
            String(repeating: "[", count: count) + String(repeating: "]", count: count)
        }
        let marks = String(repeating: "\u{301}\u{323}", count: 65_000)
        let escaped = String(repeating: "\\u0301\\u0323", count: 10_500)
        let texts = [
            ("nothing", ""), ("white space", " \n"), ("a duplicate key", #"{"task_id":"a","task_id":"b"}"#),
            ("a duplicate key by escape", #"{"task_id":"a","task\u005fid":"b"}"#),
            ("a duplicate key further in", #"{"customer":{"id":"a","id":"b"}}"#),
            ("a trailing comma", #"{"task_id":"a",}"#), ("a comment", "{} // x"), ("single quotes", "{'task_id':'a'}"),
            ("NaN", #"{"timeout_hours":NaN}"#), ("a leading zero", #"{"timeout_hours":012}"#),
            ("a plus", #"{"timeout_hours":+1}"#), ("a bare point", #"{"timeout_hours":.5}"#),
            ("bytes behind", task + "x"), ("a second value", task + task), ("a byte order mark", "\u{FEFF}" + task),
            ("a lone surrogate", #"{"task_id":"\ud800"}"#), ("a lone low surrogate", #"{"task_id":"\udc00a"}"#),
            ("a null character", #"{"task_id":"a\u0000b"}"#), ("a raw control character", "{\"task_id\":\"a\u{1}\"}"),
            ("an infinite number", #"{"timeout_hours":1e400}"#), ("depth 33", #"{"x":\#(depth(32))}"#),
            ("depth 100,000", depth(100_000)), ("130,000 marks as a key", #"{"\#(marks)":1}"#),
            ("escaped marks as a key", #"{"\#(escaped)":1}"#), ("a key of 65 bytes", #"{"\#(long(65))":1}"#),
            ("a key that is not ASCII", #"{"任务":1}"#),
        ]
        return texts.map { BadRequest.notJSON($0.0, $0.1) } + foreign
    }

    /// Bytes that are not UTF-8.
    private static var foreign: [BadRequest] {
        let wide = Array(task.utf16)
        let bodies: [(String, [UInt8])] = [
            ("UTF-16", wide.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
            ("UTF-16 with a mark", [0xFF, 0xFE] + wide.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }),
            ("UTF-32", task.unicodeScalars.flatMap { [UInt8($0.value & 0xFF), UInt8($0.value >> 8 & 0xFF), 0, 0] }),
            ("FF", Array(#"{"task_id":""#.utf8) + [0xFF] + Array(#""}"#.utf8)),
            ("an overlong null", Array(#"{"task_id":""#.utf8) + [0xC0, 0x80] + Array(#""}"#.utf8)),
            ("CESU-8", Array(#"{"task_id":""#.utf8) + [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80] + Array(#""}"#.utf8)),
        ]
        return bodies.map { BadRequest($0.0, body: $0.1, type: "invalid_json") }
    }

    private static var wrongShape: [BadRequest] {
        let paths = [
            "/api/task/receive", "/api/event", "/api/task/cancel", "/api/task/retry", "/api/task/fire",
            "/api/callbacks/replay",
        ]
        return paths.flatMap { path in
            ["[]", "\"x\"", "7", "null", "true", "{}"].map { BadRequest($0, path, body: Array($0.utf8)) }
        } + [
            BadRequest(
                "20,000 keys",
                body: Array(("{" + (0..<20_000).map { "\"k\($0)\":1" }.joined(separator: ",") + "}").utf8),
                field: "task_id"),
            BadRequest(
                "a long reason", "/api/task/cancel",
                body: Array(#"{"task_id":"waiting","reason":"\#(long(501))"}"#.utf8), field: "reason"),
            BadRequest("both", "/api/callbacks/replay", body: Array(#"{"task_id":"a","all_dead":true}"#.utf8)),
            BadRequest("not all", "/api/callbacks/replay", body: Array(#"{"all_dead":false}"#.utf8)),
        ]
    }

    private static func long(_ count: Int) -> String { String(repeating: "x", count: count) }
}
