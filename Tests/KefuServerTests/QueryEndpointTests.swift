import KefuCore
import KefuServer
import Testing

@Suite struct QueryEndpointTests {
    private static var record: TaskRecord {
        var task = TaskRecord(id: "任务 1/2", customer: Customer(id: "c1", name: "小明"))
        task.type = "send"
        task.status = .completed
        task.triggerKind = .customerKeyword
        task.triggerKeywordsJSON = #"["好的","收到"]"#
        task.triggerLookbackMs = 1_500
        task.triggersJSON =
            #"[{"type":"customer_keyword","keywords":["好的","收到"]},{"type":"time_reach","time":1772154000123}]"#
        task.action = Action(kind: .sendLink, message: "看\n这里", url: "https://h/?a=1&b=2")
        task.timeoutHours = "0.5"
        task.createdAtMs = 1_772_154_000_123
        task.completedAtMs = 1_772_154_001_000
        task.triggerEventJSON = #"{"at":1772154000500,"type":"customer_message","text":"at:1"}"#
        task.resultJSON = #"{"sent":true}"#
        task.timeline = [.init(status: .waiting, atMs: 1_772_154_000_123)]
        task.failedAttempts = [
            .init(attempt: 1, atMs: 1_772_154_000_600, httpStatus: 503, error: "busy", durationMs: 7)
        ]
        task.callbackAttempts = [
            .init(
                callbackID: "cb_1", status: .completed, attempt: 1, atMs: 1_772_154_001_100, httpStatus: nil,
                error: "refused", durationMs: 3),
            .init(
                callbackID: "cb_1", status: .completed, attempt: 2, atMs: 1_772_154_001_200, httpStatus: 204,
                error: nil, durationMs: 4),
        ]
        return task
    }

    @Test func `Status shows every column of the old table and the new fields`() async throws {
        let old = [
            "task_id", "type", "customer_name", "customer_id", "trigger_type", "trigger_keyword", "trigger_keywords",
            "action_type", "action_file_url", "action_message", "priority", "timeout_hours", "status", "retry_count",
            "max_retry", "created_at", "created_by", "triggered_at", "completed_at", "error_message", "result",
        ]
        let new = [
            "action_url", "generation", "attempts", "deadline_at", "next_attempt_at", "trigger_event", "error_code",
            "failed_attempts", "callback_attempts", "cancel_requested", "timeline",
        ]
        try await TestServer.run(store: { $0.status = { _ in Self.record } }) { server in
            let target = "/api/task/status/%E4%BB%BB%e5%8a%a11%2F2"
            let data = try await server.exchange("GET", target).json["data"]
            #expect(data.keys?.isSuperset(of: old + new) == true)
            #expect(data["task_id"].string == "任务 1/2")
            #expect(data["trigger_keywords"].strings == ["好的", "收到"])
            #expect(data["trigger_keyword"].isNull)
            #expect(data["timeout_hours"].description == "0.5")
            #expect(data["trigger_lookback_seconds"].description == "1.5")
            #expect(data["triggers"][0]["keywords"].strings == ["好的", "收到"])
            #expect(data["triggers"][1]["time"].string == "2026-02-27T09:00:00.123+08:00")
            #expect(data["action_message"].string == "看\n这里")
            #expect(data["result"]["sent"].bool == true)
            #expect(data["created_at"].string == "2026-02-27T09:00:00.123+08:00")
            #expect(data["triggered_at"].isNull)
            #expect(data["trigger_event"]["at"].string == "2026-02-27T09:00:00.500+08:00")
            #expect(data["trigger_event"]["text"].string == "at:1")
            #expect(data["timeline"][0]["at"].string == "2026-02-27T09:00:00.123+08:00")
            #expect(data["timeline"][0]["status"].string == "waiting")
            #expect(data["failed_attempts"][0]["http_status"].int == 503)
            #expect(data["failed_attempts"][0]["duration_ms"].int == 7)
            let callbacks = data["callback_attempts"]
            #expect((0...1).map { callbacks[$0]["delivered"].bool } == [false, true])
            #expect((0...1).map { callbacks[$0]["error"].string } == ["refused", nil])
            #expect((callbacks[0]["http_status"].isNull, callbacks[1]["http_status"].int) == (true, 204))
            #expect((callbacks[1]["attempt"].int, callbacks[1]["duration_ms"].int) == (2, 4))
            #expect(callbacks[1]["at"].string == "2026-02-27T09:00:01.200+08:00")
            #expect(callbacks[1]["callback_id"].string == "cb_1" && callbacks[1]["status"].string == "completed")
            #expect(data["cancel_requested"].bool == false)
        }
    }

    @Test func `The path of a status is decoded once and strictly`() async throws {
        try await TestServer.run(store: { $0.status = { _ in nil } }) { server in
            let client = try await server.connect()
            for (segment, status) in [("a+b%2Fc%2525", 404), ("%zz", 400), ("%4", 400), ("%ff", 400), ("%00", 404)] {
                let answer = try await client.exchange("GET", "/api/task/status/\(segment)")
                #expect(answer.status == status, "\(segment)")
                #expect(answer.errorType == (status == 404 ? "not_found" : "bad_request"), "\(segment)")
            }
            #expect(server.store.calls == [.status("a+b/c%25")])
        }
    }

    @Test func `A list hands its filters to the store and its cursor round`() async throws {
        let page = TaskPage(tasks: [Self.record], next: .init(createdAtMs: 1_772_154_000_123, taskID: "任务:1"))
        try await TestServer.run(store: { $0.list = .success(page) }) { server in
            let client = try await server.connect()
            let target =
                "/api/task/list?task_id=T%2F1&status=failed&customer_id=c%201&type=t&priority=urgent&created_by=lz"
                + "&q=%E5%A5%BD+x&limit=500&unknown=1&unknown=2&cursor="
            let answer = try await client.exchange("GET", target)
            #expect(answer.status == 200)
            #expect(answer.json["data"]["tasks"][0]["task_id"].string == "任务 1/2")
            let cursor = try #require(answer.json["data"]["next_cursor"].string)
            #expect(
                cursor.utf8.allSatisfy { $0 < 0x80 }
                    && cursor.allSatisfy { $0.isLetter || $0.isNumber || "-_".contains($0) })
            let next = try await client.exchange("GET", "/api/task/list?cursor=\(cursor)")
            #expect(next.status == 200)
            var expected = ListQuery()
            expected.taskID = "T/1"
            expected.status = .failed
            expected.customerID = "c 1"
            expected.type = "t"
            expected.priority = .urgent
            expected.createdBy = "lz"
            expected.text = "好 x"
            expected.limit = 500
            var following = ListQuery()
            following.after = page.next
            #expect(server.store.calls == [.list(expected), .list(following)])
        }
    }

    @Test func `The end of a list has no cursor`() async throws {
        try await TestServer.run(store: { $0.list = .success(TaskPage(tasks: [], next: nil)) }) { server in
            let data = try await server.exchange("GET", "/api/task/list").json["data"]
            #expect(data["tasks"].count == 0)
            #expect(data["next_cursor"].isNull)
        }
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=abc", "limit"), ("limit=1e9", "limit"),
        ("limit=%2B5", "limit"), ("limit=99999999999999999999", "limit"), ("status=x", "status"),
        ("priority=URGENT", "priority"), ("cursor=AAAA", "cursor"), ("cursor=%2e%2e", "cursor"),
        ("q=%zz", "q"), ("q=%ff", "q"), ("status=failed&status=waiting", "status"),
        ("customer_id=" + String(repeating: "x", count: 129), "customer_id"),
    ])
    func aWrongParameterIsNamed(query: String, field: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("GET", "/api/task/list?\(query)")
            #expect(answer.status == 400)
            #expect(answer.errorType == "validation")
            #expect(answer.json["error"]["field"].string == field)
            #expect(server.store.calls.isEmpty)
        }
    }

    @Test func `A thousand parameters are too many`() async throws {
        try await TestServer.run { server in
            let query = Array(repeating: "a=1", count: 1_000).joined(separator: "&")
            let answer = try await server.exchange("GET", "/api/task/list?\(query)")
            #expect(answer.status == 400)
        }
    }

    @Test(arguments: History.Span.allCases)
    func `A history shows when each step began and every counter`(span: History.Span) async throws {
        let history = History(
            span: span,
            points: [.init(atMs: 1_772_154_000_000, counts: [.events: 3]), .init(atMs: 1_772_154_900_000, counts: [:])])
        try await TestServer.run(store: { $0.history = .success(history) }) { server in
            let query = span == .hour ? "" : "?span=day"
            let data = try await server.exchange("GET", "/api/task/history\(query)").json["data"]
            #expect(data["span"].string == span.rawValue)
            #expect(data["step_seconds"].int == (span == .hour ? 60 : 900))
            #expect(data["points"].count == 2)
            #expect(data["points"][0]["at"].string == "2026-02-27T09:00:00.000+08:00")
            #expect(data["points"][1].keys == Set(Counter.allCases.map(\.rawValue) + ["at"]))
            #expect((data["points"][0]["events"].int, data["points"][0]["failed"].int) == (3, 0))
            #expect(server.store.calls == [.history(span)])
            let wrong = try await server.exchange("GET", "/api/task/history?span=week")
            #expect(wrong.status == 400 && wrong.json["error"]["field"].string == "span")
        }
    }

    @Test func `Stats count every word of every list`() async throws {
        var stats = StoreStats()
        stats.byStatus = [.waiting: 2, .failed: 3]
        stats.ready = [.urgent: 1]
        stats.oldestReadyMs = 12
        stats.lastHour = [.callbacksDelivered: 9]
        stats.instances = [
            .init(id: "i", host: "h", version: "1", startedAtMs: 0, lastSeenMs: 1_772_154_000_000, running: 4)
        ]
        try await TestServer.run(store: { $0.stats = .success(stats) }) { server in
            let data = try await server.exchange("GET", "/api/task/stats").json["data"]
            #expect(data["total"].int == 5)
            #expect(data["by_status"].keys == Set(TaskStatus.allCases.map(\.rawValue)))
            #expect(data["by_status"]["failed"].int == 3)
            #expect(data["by_priority"].keys == Set(Priority.allCases.map(\.rawValue)))
            #expect(data["by_trigger"].keys == Set(TriggerKind.allCases.map(\.rawValue)))
            #expect(data["queues"]["ready"]["urgent"].int == 1)
            #expect(
                data["queues"].keys
                    == ["armed", "scheduled", "ready", "retrying", "running", "callbacks", "callbacks_dead"])
            #expect(data["oldest_ready_ms"].int == 12)
            #expect(data["instances"][0]["last_seen"].string == "2026-02-27T09:00:00.000+08:00")
            #expect(data["last_minute"].keys == Set(Counter.allCases.map(\.rawValue)))
            #expect(data["last_hour"]["callbacks_delivered"].int == 9)
        }
    }
}
