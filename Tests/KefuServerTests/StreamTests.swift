import KefuCore
import KefuServer
import TestSupport
import Testing

/// The live stream as it stands on the wire, over a feed whose changes the test makes up.
@Suite(.timeLimit(.minutes(1)))
struct StreamTests {
    private static func limits(_ change: (inout StreamLimits) -> Void) -> StreamLimits {
        var limits = StreamLimits()
        limits.pace = .milliseconds(1)
        limits.retryPause = .milliseconds(1)
        change(&limits)
        return limits
    }

    @Test func `A change is one event with its id, its name and one line of JSON`() async throws {
        try await TestServer.run { server in
            server.feed.add(1...3)
            let stream = try await EventStream.open(port: server.port)
            #expect(stream.status == 200)
            for line in [
                "content-type: text/event-stream", "cache-control: no-store", "transfer-encoding: chunked",
                "connection: close", "x-accel-buffering: no",
            ] { #expect(stream.head.lowercased().contains("\r\n" + line), "\(line)") }
            #expect(!stream.head.lowercased().contains("content-length"))
            try await eventually("it is open") { stream.events.count == 1 }
            #expect(stream.events == [EventStream.Event(id: "3-0", name: "", data: "", retry: "1000")])
            server.feed.add(4...5)
            try await eventually("both come") { stream.events.count == 3 }
            #expect(
                stream.events[1]
                    == EventStream.Event(
                        id: "4-0", name: "task",
                        data:
                            #"{"task_id":"T4","status":"running","cause":"claimed","at":"2027-01-15T16:00:00.000+08:00","#
                            + #""customer_id":"客户\n1","generation":1}"#))
            #expect(stream.events[2].id == "5-0")
            await stream.close()
            #expect(stream.flaw == nil)
            try await eventually("its place is free") { server.broadcast.listeners == 0 }
        }
    }

    @Test func `A client of HTTP 1.0 gets no chunks`() async throws {
        try await TestServer.run { server in
            let stream = try await EventStream.open(port: server.port, version: "1.0")
            #expect(!stream.head.lowercased().contains("transfer-encoding"))
            #expect(stream.head.lowercased().contains("connection: close"))
            try await eventually("it is open") { stream.events.count == 1 }
            server.feed.add(1...1)
            try await eventually("it comes") { stream.changes == ["T1 running"] }
            await server.shutDown()
            try await eventually("it ends") { stream.isClosed }
            #expect(stream.events.last?.name == "closing")
        }
    }

    @Test(arguments: ["Last-Event-ID: 2-0", "last-event-id: 2-0"])
    func `Whoever comes again is told what was missed, and each change once`(header: String) async throws {
        try await TestServer.run(stream: Self.limits { $0.page = 3 }) { server in
            server.feed.add(1...20)
            let stream = try await EventStream.open(
                port: server.port, "/api/task/stream?last_event_id=19-0", headers: [header])
            server.feed.add(21...30)
            try await eventually("all come") { stream.events("task").count == 28 }
            #expect(stream.changes == (3...30).map { "T\($0) running" })
            #expect(stream.events("gap").isEmpty)
            let byQuery = try await EventStream.open(port: server.port, "/api/task/stream?last_event_id=29-0")
            try await eventually("it comes") { byQuery.changes == ["T30 running"] }
            // The one who is behind and the one who is not hear the same from now on.
            server.feed.add(31...31)
            try await eventually("both hear it") { stream.changes.last == "T31 running" && byQuery.changes.count == 2 }
        }
    }

    @Test(arguments: [
        ("abc", "unknown"), ("0-0", "unknown"), ("5", "unknown"), ("-", "unknown"), ("5-0-0", "unknown"),
        ("5-x", "unknown"), ("99999999999999999999999-0", "unknown"), ("3-0", "trimmed"), ("99-0", "future"),
        (String(repeating: "x", count: 4_000), "unknown"), ("<script>", "unknown"),
    ])
    func `An id that cannot be gone on from is told, then the stream goes on from now`(
        id: String, reason: String
    ) async throws {
        try await TestServer.run { server in
            server.feed.add(1...10)
            server.feed.trim(to: 6)
            let stream = try await EventStream.open(port: server.port, headers: ["Last-Event-ID: \(id)"])
            try await eventually("the gap is told") { stream.events("gap").count == 1 }
            let gap = try #require(stream.events("gap").first)
            #expect(gap.id == "10-0")
            #expect(gap.json["reason"].string == reason)
            #expect(gap.json["detail"].string?.isEmpty == false)
            #expect(gap.json["last_event_id"].string == String(id.prefix(64)))
            server.feed.add(11...11)
            try await eventually("it goes on") { stream.changes == ["T11 running"] }
        }
    }

    @Test func `The oldest that is kept can still be gone on from`() async throws {
        try await TestServer.run { server in
            server.feed.add(1...10)
            server.feed.trim(to: 6)
            let stream = try await EventStream.open(port: server.port, headers: ["Last-Event-ID: 5-0"])
            try await eventually("all come") { stream.changes == (6...10).map { "T\($0) running" } }
            #expect(stream.events("gap").isEmpty)
        }
    }

    @Test func `A feed that fails is asked again, and nothing is missing`() async throws {
        try await TestServer.run(stream: Self.limits { _ in }) { server in
            server.feed.add(1...1)
            let stream = try await EventStream.open(port: server.port)
            server.feed.add(2...2)
            try await eventually("it comes") { stream.changes.count == 1 }
            server.feed.setDown(true)
            let refused = try await server.exchange("GET", "/api/task/stream")
            #expect(refused.status == 503 && refused["retry-after"] == "1")
            server.feed.add(3...5)
            let reads = server.feed.reads
            try await eventually("it is asked again") { server.feed.reads > reads + 3 }
            server.feed.setDown(false)
            try await eventually("all come") { stream.changes == (2...5).map { "T\($0) running" } }
            #expect(server.log.events.filter { $0.contains("变更流读取失败") }.count == 1)
        }
    }

    @Test func `What was lost behind the reader's back is told to everybody`() async throws {
        try await TestServer.run(stream: Self.limits { _ in }) { server in
            server.feed.add(1...1)
            let stream = try await EventStream.open(port: server.port)
            server.feed.add(2...2)
            try await eventually("it comes") { stream.changes.count == 1 }
            server.feed.setDown(true)
            let reads = server.feed.reads
            try await eventually("it is noticed") { server.feed.reads > reads + 3 }
            server.feed.add(3...30)
            server.feed.trim(to: 10)
            server.feed.setDown(false)
            try await eventually("the gap is told") { stream.events("gap").count == 1 }
            #expect(stream.events("gap")[0].json["reason"].string == "trimmed")
            #expect(stream.events("gap")[0].id == "30-0")
            server.feed.add(31...31)
            try await eventually("it goes on") { stream.changes.last == "T31 running" }
            #expect(stream.changes.count == 2)
        }
    }

    @Test func `Statistics come to those who asked for them, with what the other path tells`() async throws {
        let stats = { (answers: inout FakeStore.Answers) in answers.stats = .success(StoreStats()) }
        let limits = Self.limits { $0.stats = .milliseconds(5) }
        try await TestServer.run(stream: limits, store: stats) { server in
            let plain = try await EventStream.open(port: server.port)
            let asking = try await EventStream.open(port: server.port, "/api/task/stream?stats=true")
            try await eventually("some come") { asking.events("stats").count > 2 }
            let data = try await server.exchange("GET", "/api/task/stats").json["data"]
            #expect(asking.events("stats")[0].json["by_status"]["waiting"].int == data["by_status"]["waiting"].int)
            #expect(Set(asking.events("stats")[0].json.members.keys) == data.keys)
            #expect(plain.events("stats").isEmpty)
            let wrong = try await server.exchange("GET", "/api/task/stream?stats=maybe")
            #expect(wrong.status == 400 && wrong.json["error"]["field"].string == "stats")
        }
    }

    @Test func `A silent stream shows that it lives`() async throws {
        try await TestServer.run(stream: Self.limits { $0.heartbeat = .milliseconds(5) }) { server in
            let stream = try await EventStream.open(port: server.port)
            try await eventually("it does") { stream.comments > 2 }
            #expect(stream.events.count == 1)
        }
    }

    @Test func `HEAD tells the fields and holds no place`() async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("HEAD", "/api/task/stream")
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "text/event-stream")
            try await eventually("its place is free") { server.broadcast.listeners == 0 }
        }
    }
}
