import Foundation
import TestSupport
import Testing

/// The three scenarios of the old document, from the posted task to the callback.
@Suite(.timeLimit(.minutes(2)))
struct ScenarioTests {
    private static let settings = [
        "KEFU_GATEWAY_SECRET": Site.gatewaySecret, "TIANWANG_CALLBACK_SECRET": Site.callbackSecret,
    ]

    @Test func `a customer who says 好的 gets the file`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            try await expectAccepted(Document.fileAfterReply, "TASK_001", by: kefu)
            let event: JSON = ["type": "customer_message", "text": "好的", "event_id": "m1"]
            var posted = event
            posted["customer"] = ["id": "customer_123"]
            let answer = try await kefu.post("/api/event", posted)
            #expect(answer.data == ["matched": ["TASK_001"], "duplicate": false])
            try await expectDelivered(
                "TASK_001", customer: "customer_123",
                action: [
                    "type": "send_file", "message": "这是您要的文件", "file_url": "https://xxx.com/file.zip", "url": nil,
                ], event: event, site, kefu)
        }
    }

    @Test func `a customer who has paid gets the tutorial`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            try await expectAccepted(Document.tutorialAfterPayment, "TASK_002", by: kefu)
            #expect(try await kefu.report(Tasks.said("我已付款", by: "customer_456")) == [])
            let event: JSON = [
                "type": "customer_payment", "data": ["order_id": "A1", "amount": 99.5],
                "conversation": ["group": "g7"],
            ]
            var posted = event
            posted["customer"] = ["id": "customer_456"]
            #expect(try await kefu.report(posted) == ["TASK_002"])
            try await expectDelivered(
                "TASK_002", customer: "customer_456",
                action: ["type": "send_message", "message": "感谢购买！这是使用教程:...", "file_url": nil, "url": nil],
                event: event, site, kefu)
        }
    }

    @Test func `a greeting is sent when its time has come, not earlier`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            let due = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 1.5).rounded())
            let format = Date.VerbatimFormatStyle(
                format: """
                    \(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \
                    \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
                    \(second: .twoDigits)
                    """, locale: Locale(identifier: "en_US_POSIX"),
                timeZone: try #require(TimeZone(identifier: "Asia/Shanghai")),
                calendar: Calendar(identifier: .gregorian))
            let task = Document.greeting.replacing(Document.greetingTime, with: due.formatted(format))
            try await expectAccepted(task, "TASK_003", by: kefu)
            let waiting = try await kefu.status("TASK_003")
            #expect(try date(waiting["trigger_time"]) == due)
            #expect(try date(waiting["deadline_at"]) == due.addingTimeInterval(24 * 3600))
            _ = try await site.gateway.requests(atLeast: 1)
            #expect(Date() >= due)
            try await expectGreeting(site, kefu)
        }
    }

    @Test func `a greeting whose time is long past is sent at once`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            let answer = try await kefu.post("/api/task/receive", Document.greeting)
            #expect(answer.data == ["task_id": "TASK_003", "status": "pending"])
            try await expectGreeting(site, kefu)
        }
    }

    private func expectGreeting(_ site: Site, _ kefu: Instance) async throws {
        try await expectDelivered(
            "TASK_003", customer: "customer_789",
            action: ["type": "send_message", "message": "早上好！有什么可以帮您?", "file_url": nil, "url": nil],
            event: ["type": "time_reach"], site, kefu)
    }

    private func expectAccepted(_ task: String, _ id: String, by kefu: Instance) async throws {
        let answer = try await kefu.post("/api/task/receive", task)
        #expect(answer.status == 200)
        let data = #"{"task_id":"\#(id)","status":"pending"}"#
        #expect(answer.body == #"{"code":200,"message":"任务接收成功","data":\#(data)}"#)
        #expect(try await kefu.status(id)["status"] == "waiting")
    }

    /// What every scenario ends with: one signed request to the gateway, one signed callback, the record complete.
    private func expectDelivered(
        _ id: String, customer: String, action: JSON, event: JSON, _ site: Site, _ kefu: Instance
    ) async throws {
        let sent = try await site.gateway.requests(atLeast: 1)[0]
        var body = sent.json
        #expect(isTime(body["trigger_event"]["at"]))
        body["trigger_event"] = body["trigger_event"].without("at")
        #expect(
            body == [
                "task_id": .string(id), "generation": 1, "attempt": 1, "action": action,
                "customer": ["id": .string(customer), "name": nil], "trigger_event": event,
            ])
        #expect(sent.method == "POST" && sent.path == "/send")
        #expect(sent.values(of: "idempotency-key") == ["\(id):1"])
        #expect(sent.isSigned(with: Site.gatewaySecret))
        expectPlainJSON(sent)

        let callback = try await site.receiver.requests(atLeast: 1)[0]
        let told = callback.json
        #expect(isTime(told["timestamp"]))
        #expect(
            told.without("timestamp", "callback_id") == [
                "task_id": .string(id), "status": "completed", "error": nil, "generation": 1, "attempts": 1,
                "customer_id": .string(customer), "error_code": nil, "result": nil,
            ])
        #expect(told["callback_id"].string != nil && callback.header("webhook-id") == told["callback_id"].string)
        #expect(callback.method == "POST" && callback.path == "/api/task/callback")
        #expect(callback.isSigned(with: Site.callbackSecret))
        expectPlainJSON(callback)

        let task = try await kefu.status(id)
        #expect(task["status"] == "completed")
        #expect(task["timeline"].elements.map { $0["status"] } == ["waiting", "running", "completed"])
        #expect(task["attempts"] == 1 && task["retry_count"] == 0 && task["generation"] == 1)
        #expect(try date(task["triggered_at"]) <= date(task["completed_at"]))
        try await eventually("the outbox is empty") {
            try await kefu.get("/api/callbacks").data["callbacks"].elements.isEmpty
        }
        #expect(site.gateway.requests.count == 1)
        #expect(site.receiver.requests.count == 1)
    }

    private func expectPlainJSON(_ request: HTTPSink.Request) {
        #expect(request.values(of: "content-type") == ["application/json"])
        #expect(request.values(of: "content-length") == ["\(request.body.count)"])
        #expect(request.values(of: "transfer-encoding") == [])
    }
}
