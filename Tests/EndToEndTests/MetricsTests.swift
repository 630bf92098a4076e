import KefuMetrics
import TestSupport
import Testing

/// What a Prometheus gets of a real instance.
@Suite(.timeLimit(.minutes(2)))
struct MetricsTests {
    private func scrape(_ kefu: Instance, headers: [String] = []) async throws -> [String: Double] {
        let answer = try await kefu.get("/metrics", headers: headers)
        try #require(answer.status == 200)
        var values: [String: Double] = [:]
        for line in answer.body.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            guard let value = Double(String(line[line.index(after: space)...])) else {
                throw NotMet(description: "no number in: \(line)")
            }
            values[String(line[..<space])] = value
        }
        return values
    }

    @Test func `after some lives everything is measured, and Prometheus has nothing against it`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { $0.text.contains("bad") ? .status(400) : .status(200) }
            for id in ["good", "bad"] { try await kefu.accept(Tasks.message(id, customer: id)) }
            try await kefu.accept(
                Tasks.message("time", trigger: ["type": "time_reach", "time": "2020-01-01 00:00:00"]))
            for id in ["good", "bad"] { #expect(try await kefu.report(Tasks.said("好的", by: id)) == [id]) }
            _ = try await site.receiver.requests(atLeast: 3)
            try await eventually("all is counted") {
                try await scrape(kefu)["kefu_callback_deliveries_total{outcome=\"delivered\"}"] == 3
            }
            let values = try await scrape(kefu)
            for (name, value) in [
                "kefu_tasks_received_total{result=\"accepted\"}": 3, "kefu_events_total{result=\"matched\"}": 2,
                "kefu_fires_total{cause=\"event\"}": 2, "kefu_fires_total{cause=\"acceptance\"}": 1,
                "kefu_attempts_total{outcome=\"accepted\"}": 2, "kefu_attempts_total{outcome=\"rejected\"}": 1,
                "kefu_tasks_completed_total": 2, "kefu_tasks_failed_total{error_code=\"gateway_rejected\"}": 1,
                "kefu_event_to_action_seconds_count": 2, "kefu_attempt_duration_seconds_count": 3,
                "kefu_tasks{status=\"completed\"}": 2, "kefu_tasks{status=\"failed\"}": 1, "kefu_redis_up": 1,
                "kefu_instances": 1, "kefu_claims_held": 0,
                "kefu_http_requests_total{method=\"POST\",route=\"/api/task/receive\",status=\"200\"}": 3,
            ] as [String: Double] { #expect(values[name] == value, "\(name)") }
            #expect((values["kefu_event_to_action_seconds_sum"] ?? 9.0) < 5.0)
            #expect((values["kefu_redis_round_trip_seconds_count"] ?? 0.0) > 5.0)
            #expect((values["process_resident_memory_bytes"] ?? 0.0) > 1_000_000.0)
            #expect((values["process_cpu_seconds_total"] ?? 0.0) > 0.0)
            #expect((values["process_open_fds"] ?? 0.0) > 3.0)
            let checked = try await Child.run(
                "promtool", ["check", "metrics"], input: try await kefu.get("/metrics").body)
            #expect(checked.status == 0 && checked.complaints.isEmpty, "\(checked.output)\(checked.complaints)")
        }
    }

    @Test func `every metric of the catalogue is there from the start, but for what requests make`() async throws {
        try await Site.run([:]) { _, kefu in
            _ = try await scrape(kefu)
            let names = Set(try await scrape(kefu).keys.map { String($0.prefix { $0 != "{" }) })
            for family in MetricFamily.all {
                #expect(family.seriesNames.allSatisfy(names.contains), "\(family.name)")
            }
        }
    }

    @Test func `a Redis that hangs or dies costs the scrape a second, not the rest of it`() async throws {
        try await Site.run([:]) { site, kefu in
            await site.redis.pause()
            let hanging = try await scrape(kefu)
            await site.redis.resume()
            #expect(hanging["kefu_redis_up"] == 0)
            #expect(hanging["kefu_tasks{status=\"waiting\"}"] == nil)
            #expect(hanging["process_resident_memory_bytes"] != nil)
            try await eventually("it is back") { try await scrape(kefu)["kefu_redis_up"] == 1 }
            #expect(try await scrape(kefu)["kefu_tasks{status=\"waiting\"}"] == 0)
        }
    }

    @Test func `with tokens it wants one that may read`() async throws {
        let tokens = "r:read:read-token-0123456789,e:events:events-token-012345"
        let settings = ["KEFU_API_TOKENS": tokens, "HTTP_API_HOST": "127.0.0.1"]
        try await Site.run(settings) { _, kefu in
            #expect(try await kefu.get("/metrics").status == 401)
            let events = ["Authorization: Bearer events-token-012345"]
            #expect(try await kefu.get("/metrics", headers: events).status == 403)
            let values = try await scrape(kefu, headers: ["Authorization: Bearer read-token-0123456789"])
            #expect(values["kefu_redis_up"] == 1)
            #expect(values["kefu_http_requests_total{method=\"other\",route=\"other\",status=\"401\"}"] == 1)
        }
    }
}
