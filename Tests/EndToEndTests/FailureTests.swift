import TestSupport
import Testing

/// What becomes of tasks that do not simply succeed.
@Suite(.timeLimit(.minutes(2)))
struct FailureTests {
    @Test func `a task whose trigger does not come in time fails, and is called back`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1", ["timeout_hours": 0.0001]))
            let task = try await kefu.status("T1", is: "failed")
            #expect(task["error_code"] == "timeout" && task["attempts"] == 0 && task["triggered_at"] == nil)
            #expect(try date(task["completed_at"]) >= date(task["deadline_at"]))
            let told = try await site.receiver.requests(atLeast: 1)[0].json
            #expect(told["status"] == "failed" && told["error_code"] == "timeout" && told["error"].string != nil)
            #expect(try await kefu.report(Tasks.said("好的")) == [])
            let retry = try await kefu.post("/api/task/retry", ["task_id": "T1"])
            #expect(retry.status == 409 && retry.data == ["status": "failed"])
            #expect(site.gateway.requests.isEmpty)
        }
    }

    @Test func `a busy gateway is asked again, not before it wants to be, and its JSON is kept`() async throws {
        try await Site.run(["KEFU_GATEWAY_SECRET": Site.gatewaySecret]) { site, kefu in
            site.gateway.respond { request in
                request.number == 1
                    ? .status(503, headers: [("Retry-After", "1")], body: "busy")
                    : .status(200, body: #"{"message_id": "m1", "n": 12345678901234567890}"#)
            }
            try await kefu.accept(Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            try await site.gateway.until { $0.requests.count == 1 }
            let pausing = try await kefu.status("T1", is: "waiting")
            #expect(pausing["error_code"] == "gateway_error" && isTime(pausing["next_attempt_at"]))
            let task = try await kefu.status("T1", is: "completed")
            #expect(task["attempts"] == 2 && task["retry_count"] == 1 && task["error_code"] == nil)
            #expect(task["failed_attempts"][0]["attempt"] == 1 && task["failed_attempts"][0]["http_status"] == 503)
            #expect(try await kefu.get("/api/task/status/T1").body.contains(#""n": 12345678901234567890"#))

            let sent = site.gateway.requests
            #expect(sent.count == 2)
            #expect(sent[1].arrival - sent[0].arrival >= .seconds(1))
            #expect(sent.map { $0.json["attempt"] } == [1, 2])
            #expect(sent.allSatisfy { $0.header("idempotency-key") == "T1:1" })
            #expect(sent.allSatisfy { $0.isSigned(with: Site.gatewaySecret) })
            #expect(sent[0].header("webhook-id") == sent[1].header("webhook-id"))
            let told = try await site.receiver.requests(atLeast: 1)[0]
            #expect(told.json["status"] == "completed" && told.json["attempts"] == 2)
            #expect(told.text.contains(#""n": 12345678901234567890"#))
        }
    }

    @Test func `a task fails when all its retries have, and can be retried by hand`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { _ in .close }
            try await kefu.accept(Tasks.message("T1", ["max_retry": 2]))
            _ = try await kefu.report(Tasks.said("好的"))
            let failed = try await kefu.status("T1", is: "failed")
            #expect(failed["error_code"] == "retries_exhausted" && failed["error_message"].string != nil)
            #expect(failed["attempts"] == 3 && failed["retry_count"] == 2)
            #expect(failed["failed_attempts"].elements.map { $0["attempt"] } == [1, 2, 3])
            #expect(site.gateway.requests.count == 3)

            site.gateway.respond { _ in .status(204) }
            let retry = try await kefu.post("/api/task/retry", ["task_id": "T1"])
            #expect(retry.status == 200 && retry.data == ["task_id": "T1", "status": "waiting"])
            let task = try await kefu.status("T1", is: "completed")
            #expect(task["attempts"] == 1 && task["retry_count"] == 0 && task["generation"] == 1)
            let told = try await site.receiver.requests(atLeast: 2).map(\.json)
            #expect(told.map { $0["status"] } == ["failed", "completed"])
            #expect(told[0]["error_code"] == "retries_exhausted" && told[0]["callback_id"] != told[1]["callback_id"])
            #expect(Set(site.gateway.requests.map { $0.header("idempotency-key") }) == ["T1:1"])
        }
    }

    @Test(arguments: [400, 401, 404, 409, 301])
    func `a refusal is final`(status: Int) async throws {
        try await Site.run([:]) { site, kefu in
            let elsewhere = "\(site.receiver.url)/elsewhere"
            site.gateway.respond { _ in .status(status, headers: [("Location", elsewhere)], body: "no such customer") }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.report(Tasks.said("好的"))
            let task = try await kefu.status("T1", is: "failed")
            #expect(task["error_code"] == "gateway_rejected" && task["attempts"] == 1 && task["retry_count"] == 0)
            #expect(task["error_message"].string?.contains("no such customer") == true)
            let told = try await site.receiver.requests(atLeast: 1)
            #expect(told[0].json["error_code"] == "gateway_rejected" && told[0].path == "/api/task/callback")
            #expect(site.gateway.requests.count == 1)
        }
    }

    @Test func `an answer that is not JSON completes the task without a result`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { _ in .status(200, body: "ok, sent!") }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.report(Tasks.said("好的"))
            #expect(try await kefu.status("T1", is: "completed")["result"] == nil)
            #expect(try await site.receiver.requests(atLeast: 1)[0].json["result"] == nil)
        }
    }

    @Test func `a callback receiver that is down gets its callback later`() async throws {
        try await Site.run(["TIANWANG_CALLBACK_STATUSES": "waiting,running"]) { site, kefu in
            site.receiver.respond { $0.number <= 3 ? .status(500) : .status(200) }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.report(Tasks.said("好的"))
            let told = try await site.receiver.until { log in
                log.requests.dropFirst(3).contains { $0.text.contains("completed") }
            }.requests
            for id in Set(told.map { $0.json["callback_id"].string }) {
                // One callback is the same bytes at each delivery.
                #expect(Set(told.filter { $0.json["callback_id"].string == id }.map(\.text)).count == 1)
            }
            #expect(Set(told.map { $0.json["status"].string }).isSubset(of: ["waiting", "running", "completed"]))

            try await tellsOfEveryDelivery("T1", callbacks: 3, failed: 3, site, kefu)
        }
    }

    private func tellsOfEveryDelivery(
        _ id: String, callbacks: Int, failed: Int, _ site: Site, _ kefu: Instance
    ) async throws {
        var delivered: [JSON] = []
        var others: [JSON] = []
        try await eventually("all callbacks are delivered") {
            delivered = []
            others = []
            for attempt in try await kefu.status(id)["callback_attempts"].elements {
                if attempt["delivered"] == true { delivered.append(attempt) } else { others.append(attempt) }
            }
            return delivered.count == callbacks
        }
        var ids: Set<String> = []
        for attempt in delivered {
            ids.insert(attempt["callback_id"].string ?? "-")
            #expect(attempt["http_status"] == 200 && attempt["error"] == nil && isTime(attempt["at"]))
        }
        for request in site.receiver.requests {
            let sent = try #require(request.json["callback_id"].string)
            #expect(ids.contains(sent))
        }
        #expect(ids.count == callbacks && others.count == failed)
        for attempt in others {
            #expect(attempt["http_status"] == 500 && attempt["error"].string != nil && isTime(attempt["at"]))
            #expect(attempt["duration_ms"].int != nil)
        }
    }
}
