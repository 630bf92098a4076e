import KefuCore
import KefuServer
import NIOCore
import Testing

/// Deadlines are made short here; every test waits for what the server does, never for a time.
@Suite struct DeadlineTests {
    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test func `Headers that stop are cut at their deadline`() async throws {
        let limits = Self.limits { $0.headerDeadline = .milliseconds(200) }
        try await TestServer.run(limits: limits) { server in
            try await server.untilAnswered { client in
                try await client.send("GET /api/health HTTP/1.1\r\nHost: h\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 408)
                #expect(answer.errorType == "timeout")
                #expect(answer.closes)
                #expect(try await client.rest() == "")
            }
        }
    }

    @Test func `A byte now and then does not move the deadline`() async throws {
        let limits = Self.limits { $0.headerDeadline = .milliseconds(300) }
        try await TestServer.run(limits: limits) { server in
            try await server.untilAnswered { client in
                try await client.send("GET /api/health HTTP/1.1\r\nHost: h\r\nX: ")
                let dripping = Task {
                    while !Task.isCancelled {
                        do { try await client.send("y") } catch { return }
                        // Only the pace of a slow peer, below the limit of the headers' size; nothing waits for it.
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                }
                defer { dripping.cancel() }
                #expect(try await client.answer().status == 408)
            }
        }
    }

    @Test func `A second request has a deadline of its own`() async throws {
        let limits = Self.limits { $0.headerDeadline = .milliseconds(300) }
        try await TestServer.run(limits: limits) { server in
            try await server.untilAnswered { client in
                #expect(try await client.exchange("GET", "/api/health/live").status == 200)
                try await client.send("GET /api")
                #expect(try await client.answer().status == 408)
            }
        }
    }

    @Test func `A body that does not come is cut at the requests deadline`() async throws {
        let limits = Self.limits { $0.requestDeadline = .milliseconds(200) }
        try await TestServer.run(limits: limits) { server in
            let client = try await server.connect()
            try await client.send(
                "POST /api/event HTTP/1.1\r\nHost: h\r\nX-Request-Id: slow-1\r\nContent-Length: 100\r\n\r\n{")
            let answer = try await client.answer()
            #expect(answer.status == 408)
            #expect(answer.closes)
            #expect(answer["x-request-id"] == "slow-1")
            #expect(try await client.rest() == "")
            #expect(server.store.calls.isEmpty)
        }
    }

    @Test func `The rest of a refused body is not waited for longer`() async throws {
        let limits = Self.limits { $0.requestDeadline = .milliseconds(200) }
        try await TestServer.run(limits: limits) { server in
            let client = try await server.connect()
            try await client.send("POST /api/nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
            let answer = try await client.answer()
            #expect(answer.status == 404)
            #expect(!answer.closes)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A connection that never speaks is closed`() async throws {
        let limits = Self.limits { $0.headerDeadline = .milliseconds(100) }
        try await TestServer.run(limits: limits) { server in
            let client = try await server.connect()
            #expect(try await client.rest() == "")
        }
    }

    @Test func `An idle connection is closed`() async throws {
        let limits = Self.limits { $0.keepAlive = .milliseconds(100) }
        try await TestServer.run(limits: limits) { server in
            let client = try await server.connect()
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A peer that takes no answer is cut`() async throws {
        let limits = Self.limits { $0.answerDeadline = .milliseconds(200) }
        let large = Route(.get, "/large", .open, load: .query) { _ in
            .success("x") { $0.string(String(repeating: "x", count: 16_000_000)) }
        }
        try await TestServer.run(limits: limits, extra: [large]) { server in
            let client = try await RawClient.connect(port: server.port, readsNothing: true)
            try await client.send(RawClient.request("GET", "/large"))
            let wasCut = await eventually {
                do {
                    try await client.send("x")
                    return false
                } catch {
                    return true
                }
            }
            #expect(wasCut)
        }
    }

    @Test func `A route at work is not cut`() async throws {
        let limits = Self.limits {
            $0.requestDeadline = .milliseconds(50)
            $0.keepAlive = .milliseconds(50)
        }
        let write = { (answers: inout FakeStore.Answers) in
            answers.match = { _ in
                // Longer than all deadlines: the route itself is what takes the time here.
                try? await Task.sleep(for: .milliseconds(200))
                return MatchOutcome(matched: [], duplicate: false)
            }
        }
        try await TestServer.run(limits: limits, store: write) { server in
            let answer = try await server.exchange("POST", "/api/event", body: Bodies.event)
            #expect(answer.status == 200)
        }
    }
}
