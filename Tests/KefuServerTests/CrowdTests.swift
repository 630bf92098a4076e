import KefuCore
import KefuServer
import NIOCore
import Testing

/// Many callers at once who behave badly: they cost little, they are cut, and the others do not notice.
@Suite struct CrowdTests {
    private static let crowd = 200

    /// An answer that no socket's buffer takes in one go.
    private static let large = Route(.get, "/large", .open, load: .query) { _ in
        .success("x") { $0.string(String(repeating: "x", count: 16_000_000)) }
    }

    private static func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        change(&limits)
        return limits
    }

    @Test(arguments: [
        "", "G", "GET /api/health/live HTTP/1.1\r\nHost: h\r\nX",
        "POST /api/event HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\n\r\n{",
        "POST /api/event HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /api/nothing HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\n\r\n{",
    ])
    func `Hundreds who never end their requests are all cut, and others are served`(beginning: String) async throws {
        let limits = Self.limits {
            $0.headerDeadline = .milliseconds(500)
            $0.requestDeadline = .milliseconds(500)
        }
        try await TestServer.run(limits: limits) { server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<Self.crowd {
                    group.addTask {
                        let client = try await server.connect()
                        try await client.send(beginning)
                        return try await client.rest()
                    }
                }
                for _ in 0..<50 {
                    // The short deadline may cut an honest one too, when the machine is busy: then it comes again.
                    try await server.untilAnswered { client in
                        let answer = try await client.exchange("GET", "/api/health/live")
                        #expect(answer.status == 200)
                    }
                }
                for try await said in group {
                    #expect(said.isEmpty || said.hasPrefix("HTTP/1.1 408 ") || said.hasPrefix("HTTP/1.1 404 "))
                }
            }
            #expect(server.store.calls.isEmpty)
        }
    }

    @Test func `What slow readers do not take is bounded, and nobody but readers is refused for it`() async throws {
        let limits = Self.limits {
            $0.unsentAnswers = 40_000_000
            $0.answerDeadline = .seconds(60)
        }
        let accepting = { (answers: inout FakeStore.Answers) in answers.receive = { _ in .accepted(generation: 1) } }
        try await TestServer.run(limits: limits, extra: [Self.large], store: accepting) { server in
            // Queries may hold half of it: two of these answers wait, a third is not even made.
            var slow: [RawClient] = []
            for _ in 0..<2 {
                let client = try await RawClient.connect(port: server.port, readsNothing: true)
                try await client.send(RawClient.request("GET", "/large"))
                slow.append(client)
            }
            let client = try await server.connect()
            let isRefused = try await eventually {
                let answer = try await client.exchange("GET", "/api/task/status/T1")
                #expect([429, 503].contains(answer.status))
                return answer.status == 429
            }
            #expect(isRefused)
            #expect(try await client.exchange("POST", "/api/task/receive", body: Bodies.task()).status == 200)
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
            for reader in slow { await reader.close() }
            let isTaken = try await eventually {
                // The store of this test has no answer to it; it is asked, and that is what counts.
                try await client.exchange("GET", "/api/task/status/T1").status == 503
            }
            #expect(isTaken)
        }
    }

    @Test func `The last answer of a connection arrives whole, however long its reader takes`() async throws {
        let limits = Self.limits { $0.lingerDeadline = .milliseconds(1) }
        try await TestServer.run(limits: limits, extra: [Self.large]) { server in
            let answer = try await server.exchange("GET", "/large", headers: ["Connection: close"])
            #expect(answer.closes)
            #expect(answer.json["data"].string?.utf8.count == 16_000_000)
        }
    }

    @Test func `Who guesses tokens loses the connection, and who sends the right one starts afresh`() async throws {
        let limits = Self.limits { $0.failedTokens = 3 }
        let token = AccessToken(name: "a", role: .read, secret: "0123456789abcdef")
        let stats = { (answers: inout FakeStore.Answers) in answers.stats = .success(StoreStats()) }
        try await TestServer.run(limits: limits, tokens: [token], store: stats) { server in
            let client = try await server.connect()
            func asks(with secret: String) async throws -> RawAnswer {
                try await client.exchange("GET", "/api/task/stats", headers: ["Authorization: Bearer \(secret)"])
            }
            for _ in 0..<2 {
                for _ in 0..<2 {
                    let answer = try await asks(with: "guess-guess-guess")
                    #expect(answer.status == 401 && !answer.closes)
                }
                #expect(try await asks(with: token.secret).status == 200)
            }
            var closes: [Bool] = []
            for _ in 0..<3 { closes.append(try await asks(with: "guess-guess-guess").closes) }
            #expect(closes == [false, false, true])
            #expect(try await client.rest() == "")
        }
    }
}
