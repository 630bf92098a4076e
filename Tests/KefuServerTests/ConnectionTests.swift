import KefuCore
import KefuServer
import NIOPosix
import Testing

@Suite struct ConnectionTests {
    /// Answers with its path argument, after a turn of the loop for every second one.
    private static let echo = Route(.get, "/echo/:text", .open, load: .essential) { request in
        let text = request.pathArgument ?? ""
        if text.utf8.count % 2 == 0 { await Task.yield() }
        return .success("x") { $0.string(text) }
    }

    @Test func `Pipelined requests are answered in order`() async throws {
        try await TestServer.run(extra: [Self.echo]) { server in
            let client = try await server.connect()
            let texts = (0..<300).map { String(repeating: "a", count: $0 % 7 + 1) + "-\($0)" }
            try await client.send(texts.map { RawClient.request("GET", "/echo/\($0)") }.joined())
            for text in texts { #expect(try await client.answer().json["data"].string == text) }
        }
    }

    @Test func `Pipelined bodies are kept apart`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.match = { event in
                await Task.yield()
                return MatchOutcome(matched: [event.customerID], duplicate: false)
            }
        }
        try await TestServer.run(store: write) { server in
            let client = try await server.connect()
            let bodies = (0..<100).map { Bodies.event.replacing("customer_123", with: "c\($0)") }
            try await client.send(bodies.map { RawClient.request("POST", "/api/event", body: $0) }.joined())
            for index in 0..<100 {
                #expect(try await client.answer().json["data"]["matched"].strings == ["c\(index)"])
            }
        }
    }

    @Test(arguments: [1, 2, 40])
    func `Who sends no more gets the answers to all that was sent`(requests: Int) async throws {
        let gate = Gate()
        try await TestServer.run(store: { $0.holdMatch(at: gate) }) { server in
            let client = try await server.connect()
            let event = RawClient.request("POST", "/api/event", body: Bodies.event)
            try await client.send(String(repeating: event, count: requests))
            try await gate.isReached()
            try await client.finishSending()
            // Its end arrives before these are answered, whichever event loop it is on.
            for _ in 0..<8 { #expect(try await server.exchange("GET", "/api/health/live").status == 200) }
            gate.open()
            for _ in 0..<requests { #expect(try await client.answer().status == 200) }
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A bad request in a pipeline ends it after the answers before`() async throws {
        try await TestServer.run(extra: [Self.echo]) { server in
            let client = try await server.connect()
            let good = (0..<10).map { RawClient.request("GET", "/echo/ab\($0)") }.joined()
            try await client.send(good + "BAD\r\n\r\n" + good)
            for index in 0..<10 { #expect(try await client.answer().json["data"].string == "ab\(index)") }
            let bad = try await client.answer()
            #expect(bad.status == 400)
            #expect(bad.closes)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `Thousands of requests share a connection`() async throws {
        try await TestServer.run(extra: [Self.echo]) { server in
            let client = try await server.connect()
            for number in 0..<3_000 {
                let answer = try await client.exchange("GET", "/echo/\(number)")
                guard answer.json["data"].string == "\(number)", !answer.closes else {
                    Issue.record("request \(number) was answered \(answer)")
                    return
                }
            }
        }
    }

    @Test func `A route stays on its connection's event loop`() async throws {
        let route = Route(.get, "/loop", .open, load: .essential) { _ in
            let before = MultiThreadedEventLoopGroup.currentEventLoop
            // Resumed by another thread.
            _ = await Task.detached {}.value
            let after = MultiThreadedEventLoopGroup.currentEventLoop
            return .success("x") { $0.bool(before != nil && before === after) }
        }
        try await TestServer.run(extra: [route]) { server in
            for _ in 0..<4 {
                let answer = try await server.exchange("GET", "/loop")
                #expect(answer.json["data"].bool == true)
            }
        }
    }

    @Test func `Bytes may come one by one`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            for byte in RawClient.request("POST", "/api/task/receive", body: Bodies.task()).utf8 {
                try await client.send([byte])
            }
            #expect(try await client.answer().status == 200)
            #expect(server.store.calls == [.receive("TASK_20260226_001")])
        }
    }

    @Test func `A refused request leaves the connection usable`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            for _ in 0..<3 {
                #expect(try await client.exchange("POST", "/api/nothing", body: Bodies.task()).status == 404)
                #expect(try await client.exchange("POST", "/api/task/receive", body: Bodies.task()).status == 200)
            }
        }
    }

    @Test func `The end of a peer's stream does not take its answers away`() async throws {
        try await TestServer.run(extra: [Self.echo]) { server in
            let client = try await server.connect()
            try await client.send((0..<5).map { RawClient.request("GET", "/echo/ab\($0)") }.joined())
            try await client.finishSending()
            for index in 0..<5 { #expect(try await client.answer().json["data"].string == "ab\(index)") }
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A peer that leaves does not stop its request`() async throws {
        let gate = Gate()
        try await TestServer.run(store: { $0.holdReceive(at: gate) }) { server in
            let client = try await server.connect()
            try await client.send(RawClient.request("POST", "/api/task/receive", body: Bodies.task()))
            try await gate.isReached()
            await client.close()
            gate.open()
            let next = try await server.exchange("POST", "/api/task/receive", body: Bodies.task())
            #expect(next.status == 200)
        }
    }

    @Test func `HTTP/1.0 closes unless asked not to`() async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            try await client.send("GET /api/health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(try await client.answer()["connection"] == "keep-alive")
            try await client.send("GET /api/health/live HTTP/1.0\r\n\r\n")
            #expect(try await client.answer().closes)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A peer that asks for the end gets it`() async throws {
        try await TestServer.run { server in
            for header in ["Connection: close", "Connection: Upgrade\r\nUpgrade: h2c"] {
                let client = try await server.connect()
                let answer = try await client.exchange("GET", "/api/health/live", headers: [header])
                #expect(answer.status == 200)
                #expect(answer.closes)
                #expect(try await client.rest() == "")
            }
        }
    }

    @Test func `A peer that waits for permission gets it or the refusal`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            let body = Bodies.task()
            let fields = "Host: h\r\nExpect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            try await client.send("POST /api/task/receive HTTP/1.1\r\n" + fields)
            #expect(try await client.answer().status == 100)
            try await client.send(body)
            #expect(try await client.answer().status == 200)
            try await client.send("POST /api/nothing HTTP/1.1\r\n" + fields)
            let refused = try await client.answer()
            #expect(refused.status == 404)
            #expect(refused.closes)
        }
    }

    @Test func `HEAD is answered without a body`() async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            let head = try await client.exchange("HEAD", "/api/health/live")
            let full = try await client.exchange("GET", "/api/health/live")
            #expect(head.status == 200 && full.status == 200)
            #expect(head["content-length"] == "\(full.body.utf8.count)")
            let refused = try await client.exchange("HEAD", "/api/event")
            #expect(refused.status == 405)
            #expect(refused["content-length"] != "0")
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
        }
    }
}
