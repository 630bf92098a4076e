import KefuCore
import KefuServer
import Testing

@Suite struct MetricsEndpointTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func lines(_ server: TestServer) async throws -> Set<String> {
        let answer = try await server.exchange("GET", "/metrics")
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        return Set(answer.body.split(separator: "\n").map(String.init))
    }

    @Test func `Requests are counted by the route's pattern and the status, whatever ids they name`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.status = { $0 == "T1" ? TaskRecord(id: $0, customer: Customer(id: "c")) : nil }
            answers.receive = { _ in .accepted(generation: 1) }
        }
        try await TestServer.run(store: write) { server in
            let client = try await server.connect()
            for id in ["T1", "T1", "T2", "T3", "T%204"] {
                _ = try await client.exchange("GET", "/api/task/status/\(id)?x=\(id)")
            }
            _ = try await client.exchange("POST", "/api/task/receive", body: Bodies.task())
            _ = try await client.exchange("POST", "/api/task/receive", body: "{")
            _ = try await client.exchange("GET", "/nowhere/T1")
            _ = try await client.exchange("PUT", "/api/task/receive", body: "{}")
            let lines = try await lines(server)
            func count(_ method: String, _ route: String, _ status: Int, _ number: Int) -> String {
                "kefu_http_requests_total{method=\"\(method)\",route=\"\(route)\",status=\"\(status)\"} \(number)"
            }
            let expected: Set = [
                count("GET", "/api/task/status/:id", 200, 2), count("GET", "/api/task/status/:id", 404, 3),
                count("POST", "/api/task/receive", 200, 1), count("POST", "/api/task/receive", 400, 1),
                count("other", "other", 404, 1), count("other", "other", 405, 1),
            ]
            #expect(lines.filter { $0.hasPrefix("kefu_http_requests_total") } == expected)
            let duration = "kefu_http_request_duration_seconds_count{method=\"GET\",route=\"/api/task/status/:id\"} 5"
            #expect(lines.contains(duration))
            #expect(!lines.contains { $0.contains("T1") || $0.contains("nowhere") })
        }
    }

    @Test func `What is refused for want of a token, or cut off, is counted, too`() async throws {
        let token = AccessToken(name: "r", role: .read, secret: "secret-of-read-0123456789")
        try await TestServer.run(tokens: [token]) { server in
            let client = try await server.connect()
            _ = try await client.exchange("GET", "/api/task/stats")
            _ = try await client.exchange("GET", "/metrics")
            let header = "Authorization: Bearer \(token.secret)"
            let answer = try await client.exchange("GET", "/metrics", headers: [header])
            #expect(answer.body.contains(#"{method="other",route="other",status="401"} 2"#))
        }
    }

    @Test func `With Redis away the rest is there, and it says so`() async throws {
        let stats = StoreStats()
        try await TestServer.run(store: { $0.stats = .success(stats) }) { server in
            let up = try await lines(server)
            for line in ["kefu_redis_up 1", #"kefu_tasks{status="waiting"} 0"#, "kefu_ready_oldest_age_seconds 0"] {
                #expect(up.contains(line))
            }
        }
        try await TestServer.run(store: { $0.stats = .failure(.unavailable("gone")) }) { server in
            let down = try await lines(server)
            #expect(down.contains("kefu_redis_up 0"))
            #expect(!down.contains { $0.hasPrefix("kefu_tasks{") || $0.hasPrefix("kefu_queue_length") })
            #expect(down.contains { $0.hasPrefix("process_resident_memory_bytes ") })
            #expect(down.contains(#"kefu_build_info{version="1.2.3"} 1"#))
        }
    }

    @Test func `What Redis holds is shown queue by queue`() async throws {
        var stats = StoreStats()
        stats.byStatus = [.waiting: 7, .failed: 2]
        (stats.armed, stats.scheduled, stats.retrying, stats.running) = (1, 2, 3, 4)
        (stats.callbacks, stats.callbacksDead) = (5, 6)
        stats.ready = [.urgent: 8, .normal: 9]
        stats.oldestReadyMs = 1_500
        let known = stats
        try await TestServer.run(store: { $0.stats = .success(known) }) { server in
            let shown = try await lines(server).filter {
                ["kefu_tasks{", "kefu_queue", "kefu_ready"].contains(where: $0.hasPrefix)
            }
            var expected: Set = ["kefu_ready_oldest_age_seconds 1.5"]
            for (status, number) in [
                ("pending", 0), ("waiting", 7), ("running", 0), ("completed", 0), ("failed", 2), ("cancelled", 0),
            ] { expected.insert("kefu_tasks{status=\"\(status)\"} \(number)") }
            for (queue, number) in [
                ("armed", 1), ("scheduled", 2), ("retrying", 3), ("running", 4), ("callbacks", 5),
                ("callbacks_dead", 6),
            ] { expected.insert("kefu_queue_length{queue=\"\(queue)\"} \(number)") }
            for (priority, number) in [("urgent", 8), ("high", 0), ("normal", 9)] {
                expected.insert("kefu_ready_tasks{priority=\"\(priority)\"} \(number)")
            }
            #expect(shown == expected)
        }
    }

    @Test(
        arguments: [
            ([trace], trace), (["00-zz"], nil), ([trace, trace], nil), ([], nil),
            (["01" + trace.dropFirst(2) + "-more"], trace), ([" \(trace) "], trace),
        ] as [([String], String?)])
    func `A trace goes to all tasks and events of its request when it is a valid one`(
        fields: [String], expected: String?
    ) async throws {
        let headers = fields.map { "TraceParent: \($0)" }
        let seen = Seen()
        let write = { (answers: inout FakeStore.Answers) in
            answers.receive = { task in
                seen.note(task.trace?.text)
                return .accepted(generation: 1)
            }
            answers.match = { event in
                seen.note(RecordedEvent(#"{"at":0,"# + event.recordJSON.dropFirst())?.trace?.text)
                return MatchOutcome(matched: [], duplicate: false)
            }
        }
        try await TestServer.run(store: write) { server in
            let client = try await server.connect()
            for (target, body) in [
                ("/api/task/receive", Bodies.task()),
                ("/api/task/receive/batch", "[\(Bodies.task("A")),\(Bodies.task("B"))]"),
                ("/api/event", Bodies.event), ("/api/event/batch", "[\(Bodies.event),\(Bodies.event)]"),
            ] {
                let answer = try await client.exchange("POST", target, headers: headers, body: body)
                #expect(answer.status == 200)
            }
        }
        #expect(seen.all == Array(repeating: expected, count: 6))
    }

    @Test func `Whatever a route calls knows which request it is for`() async throws {
        let seen = Seen()
        let write = { (answers: inout FakeStore.Answers) in
            answers.receive = { _ in
                seen.note(RequestScope.id)
                return .accepted(generation: 1)
            }
        }
        try await TestServer.run(store: write) { server in
            for id in ["req-1", "req-2"] {
                _ = try await server.exchange(
                    "POST", "/api/task/receive", headers: ["X-Request-Id: \(id)"], body: Bodies.task())
            }
        }
        #expect(seen.all == ["req-1", "req-2"])
        #expect(RequestScope.id == nil)
    }
}
