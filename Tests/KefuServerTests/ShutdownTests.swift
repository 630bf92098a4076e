import KefuCore
import KefuServer
import Testing

@Suite struct ShutdownTests {
    @Test func `A request in flight is answered and its connection closed`() async throws {
        let gate = Gate()
        try await TestServer.run(store: { $0.holdReceive(at: gate) }) { server in
            let client = try await server.connect()
            try await client.send(RawClient.request("POST", "/api/task/receive", body: Bodies.task()))
            try await gate.isReached()
            await server.shutDown()
            #expect(await eventually { server.drain.isDraining })
            // Nobody is accepted any more.
            let isRefused = await eventually {
                do {
                    let late = try await server.connect()
                    await late.close()
                    return false
                } catch {
                    return true
                }
            }
            #expect(isRefused)
            gate.open()
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.closes)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A request half read is read and answered`() async throws {
        let gate = Gate()
        gate.open()
        try await TestServer.run(store: { $0.holdReceive(at: gate) }) { server in
            let client = try await server.connect()
            let body = Bodies.task()
            try await client.send(
                "POST /api/task/receive HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n")
            #expect(try await client.answer().status == 100)
            await server.shutDown()
            #expect(await eventually { server.drain.isDraining })
            try await client.send(body)
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.closes)
        }
    }

    @Test func `Idle connections are closed soon`() async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
            await server.shutDown()
            #expect(try await client.rest() == "")
        }
    }

    @Test func `What does not end is cut after the grace`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.shutdownGrace = .milliseconds(100)
        try await TestServer.run(limits: limits, store: { $0.holdReceive(at: gate) }) { server in
            let client = try await server.connect()
            try await client.send(RawClient.request("POST", "/api/task/receive", body: Bodies.task()))
            try await gate.isReached()
            await server.shutDown()
            #expect(try await client.rest() == "")
            gate.open()
        }
    }

    @Test func `A port in use stops the start`() async throws {
        try await TestServer.run { server in
            let second = HTTPServer(
                group: .singleton, address: ListenAddress(port: server.port), router: Router([]),
                logger: server.log.logger(level: .info))
            let error = await #expect(throws: ServerError.self) { try await second.run() }
            #expect("\(String(describing: error))".contains("127.0.0.1"))
            await #expect(throws: ServerError.self) { try await second.port() }
        }
    }
}
