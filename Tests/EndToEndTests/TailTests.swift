import Foundation
import TestSupport
import Testing

/// `kefu tail` against a peer that streams as an instance does, and breaks off as none should.
@Suite(.timeLimit(.minutes(2)))
struct TailTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"

    /// What a refused token's refusal ends with.
    private static let advice = "; set KEFU_TOKEN to one of the server's tokens"

    private static func change(
        _ number: Int, _ task: String, _ status: String, customer: String = "c1", cause: String = "accepted"
    ) -> String {
        "id: \(number)-0\nevent: task\ndata: {\"task_id\":\"\(task)\",\"status\":\"\(status)\",\"cause\":\"\(cause)\","
            + "\"at\":\"2026-02-27T09:00:00.12\(number)+08:00\",\"customer_id\":\"\(customer)\",\"generation\":1}\n\n"
    }

    private func tail(
        _ arguments: [String] = [], at url: String, settings: [String: String] = [:],
        _ body: (Child) async throws -> Void
    ) async throws {
        let child = try await Child.start(
            try Instance.executable, ["tail"] + arguments,
            environment: settings.merging(["KEFU_URL": url]) { own, _ in own })
        do {
            try await body(child)
            try await child.dispose()
        } catch {
            try await child.dispose()
            throw NotMet(description: "\(error)\n\(child.output)\n\(child.complaints)")
        }
    }

    private func ends(_ child: Child, with status: Int32) async throws {
        let ended = try await child.end()
        #expect(ended == status, "\(child.complaints)")
    }

    @Test func `each change is a line, and a lost connection goes on behind the last one`() async throws {
        let first = Self.head + ": hello\n\n" + Self.change(1, "T1", "waiting") + Self.change(2, "T1", "failed")
        let second =
            Self.head + "event: gap\ndata: {}\n\n" + Self.change(3, "好的任务", "completed", cause: #"a\u001b[2J"#)
            + "event: closing\ndata: {}\n\n"
        let reply: HTTPSink.Script = { $0.number == 1 ? .bytes(first) : .opening(second) }
        try await HTTPSink.run(respond: reply) { sink in
            try await tail(at: sink.url) { child in
                try await eventually("three lines") { child.output.count(where: \.isNewline) == 3 }
                #expect(
                    child.output == """
                        02-27 09:00:00.121  T1                    c1              等待中  waiting    accepted
                        02-27 09:00:00.122  T1                    c1              失败    failed     accepted
                        02-27 09:00:00.123  好的任务              c1              已完成  completed  a\\u001b[2J

                        """)
                try await eventually("all remarks") { child.complaints.contains("stopping") }
                let remarks = child.complaints.split(separator: "\n").map { String($0) }
                #expect(remarks.count == 4)
                #expect(remarks[0].hasPrefix("kefu: connection lost (") && remarks[0].hasSuffix("), reconnecting…"))
                #expect(remarks[1] == "kefu: connected again" && remarks[2].contains("missed"))
                child.signal(SIGINT)
                try await ends(child, with: 0)
            }
            #expect(sink.requests.map(\.path) == ["/api/task/stream", "/api/task/stream"])
            #expect(sink.requests.map { $0.header("last-event-id") } == [nil, "2-0"])
            #expect(sink.requests[0].header("authorization") == nil)
        }
    }

    @Test func `filters choose, json prints the data, and a token is sent`() async throws {
        let body =
            Self.change(1, "T1", "waiting") + Self.change(2, "T2", "failed") + Self.change(3, "T2", "waiting")
            + Self.change(4, "T2", "failed", customer: "c2") + Self.change(5, "T3", "cancelled")
        try await HTTPSink.run(respond: { _ in .opening(Self.head + body) }) { sink in
            let token = ["KEFU_TOKEN": "0123456789abcdef"]
            let filters = ["--customer", "c1", "--status", "failed", "--status", "cancelled", "--json"]
            try await tail(filters, at: sink.url, settings: token) { child in
                try await eventually("two lines") { child.output.count(where: \.isNewline) == 2 }
                let lines = try child.output.split(separator: "\n").map { try JSON(String($0)) }
                #expect(lines.map { $0["task_id"] } == ["T2", "T3"] && lines.allSatisfy { $0["customer_id"] == "c1" })
                child.signal(SIGTERM)
                try await ends(child, with: 0)
                #expect(child.complaints == "")
            }
            #expect(sink.requests[0].header("authorization") == "Bearer 0123456789abcdef")
            try await tail(["--task", "T1", "--color", "always"], at: sink.url) { child in
                try await eventually("one line") { child.output.count(where: \.isNewline) == 1 }
                #expect(child.output.contains("\u{1B}[36mwaiting\u{1B}[0m"))
            }
        }
    }

    @Test func `it ends at once and quietly when nobody reads any more`() async throws {
        let body = Self.head + Self.change(1, "T1", "waiting")
        try await HTTPSink.run(respond: { _ in .opening(body) }) { sink in
            let line = "set -o pipefail; KEFU_URL=\(sink.url) '\(try Instance.executable)' tail | head -n 1"
            let outcome = try await Child.run("/bin/bash", ["-c", line])
            #expect(outcome.status == 0 && outcome.output.contains("T1") && outcome.complaints == "")
        }
    }

    @Test func `a refusal at the start ends with 1, and nobody there with 2`() async throws {
        let refusal = #"{"code":401,"message":"未授权","data":null,"error":{"type":"unauthorized","detail":"no token"}}"#
        try await HTTPSink.run(respond: { _ in .status(401, body: refusal) }) { sink in
            try await tail(at: sink.url) { child in
                try await ends(child, with: 1)
                #expect(child.complaints == "kefu: 401 未授权 (no token)\(Self.advice)\n" && child.output == "")
            }
        }
        let down = #"{"code":503,"message":"服务暂不可用","data":null,"error":{"type":"unavailable","detail":"loading"}}"#
        for reply in [HTTPSink.Reply.status(503, body: down), .status(200, body: "<html>"), .close] {
            try await HTTPSink.run(respond: { _ in reply }) { sink in
                try await tail(at: sink.url) { child in
                    try await ends(child, with: 2)
                    #expect(child.complaints.count(where: \.isNewline) == 1)
                }
            }
        }
        try await tail(at: "http://127.0.0.1:\(Ports.free())") { child in try await ends(child, with: 2) }
        try await tail(["--status", "nonsense"], at: "http://127.0.0.1:1") { child in
            try await ends(child, with: 64)
        }
    }

    @Test func `a token that is taken away ends it, an instance that is away does not`() async throws {
        let down = #"{"code":503,"message":"服务暂不可用","data":null,"error":{"type":"unavailable","detail":"loading"}}"#
        let refusal = #"{"code":401,"message":"未授权","data":null,"error":{"type":"unauthorized","detail":"wrong"}}"#
        let reply: HTTPSink.Script = { request in
            switch request.number {
            case 1: .bytes(Self.head)
            case 2: .status(503, body: down)
            default: .status(401, body: refusal)
            }
        }
        try await HTTPSink.run(respond: reply) { sink in
            try await tail(at: sink.url) { child in
                try await ends(child, with: 1)
                #expect(child.complaints.hasSuffix("reconnecting…\nkefu: 401 未授权 (wrong)\(Self.advice)\n"))
                #expect(sink.requests.count == 3)
            }
        }
    }
}
