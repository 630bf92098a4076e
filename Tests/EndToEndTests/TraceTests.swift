import TestSupport
import Testing

/// A trace and a request id on their way through real instances.
@Suite(.timeLimit(.minutes(2)))
struct TraceTests {
    private static let task = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-01"
    private static let event = "00-cccccccccccccccccccccccccccccccc-dddddddddddddddd-00"

    @Test func `the gateway gets the event's trace or the task's, the callback the task's`() async throws {
        try await Site.run([:]) { site, kefu in
            func accept(_ id: String, _ headers: [String], _ trigger: JSON) async throws {
                let body = Tasks.message(id, customer: id, trigger: trigger)
                #expect(try await kefu.post("/api/task/receive", body, headers: headers).status == 200)
            }
            let traced = ["traceparent: \(Self.task)"]
            let reply: JSON = ["type": "customer_reply", "keyword": "好的"]
            try await accept("both", traced, reply)
            try await accept("task", traced, reply)
            try await accept("neither", ["traceparent: 00-0-0-0"], reply)
            try await accept("time", traced, ["type": "time_reach", "time": "2020-01-01 00:00:00"])
            for (id, headers) in [("both", ["traceparent: \(Self.event)"]), ("task", []), ("neither", [])] {
                _ = try await kefu.post("/api/event", Tasks.said("好的", by: id), headers: headers)
            }
            func traces(_ requests: [HTTPSink.Request]) -> [String: String?] {
                Dictionary(requests.map { ($0.json["task_id"].string ?? "", $0.header("traceparent")) }) { $1 }
            }
            let sent = try await site.gateway.requests(atLeast: 4)
            #expect(traces(sent) == ["both": Self.event, "task": Self.task, "neither": nil, "time": Self.task])
            #expect(sent.allSatisfy { $0.json["trigger_event"]["traceparent"] == .null })
            let told = try await site.receiver.requests(atLeast: 4)
            #expect(traces(told) == ["both": Self.task, "task": Self.task, "neither": nil, "time": Self.task])
            #expect(try await kefu.status("both")["traceparent"].string == Self.task)
            #expect(try await kefu.status("both")["trigger_event"]["traceparent"].string == Self.event)
            #expect(try await kefu.status("neither")["traceparent"] == .null)
        }
    }

    @Test func `another instance that goes on hands the same trace on`() async throws {
        try await Site.run { site in
            let settings = ["KEFU_LEASE_SECONDS": "1", "KEFU_GATEWAY_TIMEOUT_SECONDS": "60"]
            let first = try await site.start(settings)
            site.gateway.respond { _ in .silence }
            let headers = ["traceparent: \(Self.task)"]
            _ = try await first.post("/api/task/receive", Tasks.message("T1"), headers: headers)
            _ = try await first.report(Tasks.said("好的"))
            _ = try await site.gateway.requests(atLeast: 1)
            try await first.child.kill9()
            site.gateway.respond { _ in .status(200) }
            let second = try await site.start(settings)
            try await second.status("T1", is: "completed")
            let sent = try await site.gateway.requests(atLeast: 2)
            #expect(sent.map { $0.header("traceparent") } == [Self.task, Self.task])
            #expect(second.child.complaints.contains("trace_id=" + String(repeating: "a", count: 32)))
        }
    }

    @Test(arguments: ["text", "json"])
    func `lines of a task name its trace and the request that fired it, in words that runbooks look for`(
        format: String
    ) async throws {
        try await Site.run(["LOG_FORMAT": format]) { site, kefu in
            site.gateway.respond { $0.text.contains("bad") ? .status(400) : .status(200) }
            for id in ["good", "bad"] {
                let body = Tasks.message(id, customer: id)
                let headers = ["traceparent: \(Self.task)", "X-Request-Id: accept-\(id)"]
                _ = try await kefu.post("/api/task/receive", body, headers: headers)
                let event = ["traceparent: \(Self.event)", "X-Request-Id: event-\(id)"]
                _ = try await kefu.post("/api/event", Tasks.said("好的", by: id), headers: event)
            }
            try await eventually("both ends are logged") {
                ["任务完成", "任务执行失败"].allSatisfy { kefu.child.complaints.contains($0) }
            }
            let lines = kefu.child.complaints.split(separator: "\n").map(String.init)
            for (word, id) in [("任务触发", "good"), ("任务完成", "good"), ("任务触发", "bad"), ("任务执行失败", "bad")] {
                let line = try #require(lines.first { $0.contains(word) && $0.contains(id) }, "\(word) \(id)")
                let trace = String(repeating: "c", count: 32)
                if format == "json" {
                    let json = try JSON(line)
                    #expect(json["task_id"].string == id)
                    #expect(json["request_id"].string == "event-\(id)")
                    #expect(json["trace_id"].string == trace)
                } else {
                    #expect(line.contains("\(word) task_id=\(id) "))
                    #expect(line.contains("request_id=event-\(id)"))
                    #expect(line.contains("trace_id=\(trace)"))
                }
            }
        }
    }
}
