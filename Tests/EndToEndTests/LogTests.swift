import TestSupport
import Testing

/// What an instance writes while it works.
@Suite(.timeLimit(.minutes(2)))
struct LogTests {
    private static let token = "canary-token-0123456789"
    private static let settings = [
        "KEFU_API_TOKENS": "ci:admin:\(token)", "HTTP_API_HOST": "127.0.0.1",
        "KEFU_GATEWAY_SECRET": Site.gatewaySecret, "TIANWANG_CALLBACK_SECRET": Site.callbackSecret,
    ]

    @Test func `the words that the old system's runbooks grep for are there, secrets and texts are not`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            try await liveALife(site, kefu)
            let log = kefu.child.complaints
            for line in ["任务触发 task_id=good", "任务完成 task_id=good", "任务触发 task_id=bad", "任务执行失败 task_id=bad"] {
                #expect(log.contains(line), "\(log)")
            }
            for secret in [Self.token, Site.gatewaySecret, Site.callbackSecret, "canary-text", "canary-message"] {
                #expect(!log.contains(secret))
            }
        }
    }

    @Test func `as JSON every line is one object, at the finest level too`() async throws {
        let settings = Self.settings.merging(["LOG_FORMAT": "json", "LOG_LEVEL": "trace"]) { $1 }
        try await Site.run(settings) { site, kefu in
            try await liveALife(site, kefu)
            kefu.child.signal(15)
            #expect(try await kefu.child.end() == 0)
            let lines = kefu.child.complaints.split(separator: "\n")
            #expect(lines.count > 20)
            for line in lines {
                let json = try JSON(String(line))
                #expect(["time", "level", "message", "logger"].allSatisfy { json[$0].string != nil }, "\(line)")
                #expect(isTime(json["time"]), "\(line)")
            }
            for secret in [Self.token, Site.gatewaySecret, Site.callbackSecret] {
                #expect(!kefu.child.complaints.contains(secret))
            }
        }
    }

    /// One task that succeeds and one that is refused, with foreign texts everywhere, and some bad requests.
    private func liveALife(_ site: Site, _ kefu: Instance) async throws {
        let token = ["Authorization: Bearer \(Self.token)"]
        site.gateway.respond { request in
            request.text.contains("bad") ? .status(400, body: "no\r\n\u{1B}[31m{\"x\": \u{2028}}") : .status(200)
        }
        for id in ["good", "bad"] {
            let task = Tasks.message(
                id, customer: id, ["action": ["type": "send_message", "message": "canary-message"]])
            #expect(try await kefu.post("/api/task/receive", task, headers: token).status == 200)
            let event = Tasks.said("好的 canary-text", by: id)
            #expect(try await kefu.post("/api/event", event, headers: token).data["matched"] == [.string(id)])
        }
        _ = try await kefu.post("/api/task/receive", "{\"\u{1B}[2J\u{202E}\n", headers: token)
        _ = try await kefu.get("/api/task/list?q=canary-text&cursor=%0a", headers: token)
        _ = try await kefu.get("/api/task/status/x%0ay", headers: token + ["X-Request-Id: a\u{1B}b"])
        _ = try await Wire.exchange(port: kefu.port, Array("\u{1}\u{1B}\r\n\r\n".utf8), answers: nil)
        let told = try await site.receiver.requests(atLeast: 2)
        #expect(Set(told.map { $0.json["status"] }) == ["completed", "failed"])
        try await eventually("both ends are logged") {
            ["任务完成", "任务执行失败"].allSatisfy { kefu.child.complaints.contains($0) }
        }
        for line in kefu.child.complaints.split(separator: "\n") {
            let isClean = line.unicodeScalars.allSatisfy { scalar in
                scalar.value >= 0x20 && ![0x7F, 0x85, 0x2028, 0x2029, 0x202E].contains(scalar.value)
            }
            #expect(isClean, "\(line.debugDescription)")
        }
    }
}
