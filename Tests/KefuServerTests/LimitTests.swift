import KefuCore
import KefuServer
import NIOCore
import NIOPosix
import Testing

@Suite struct LimitTests {
    /// A task whose body has exactly so many bytes.
    private static func task(bytes: Int) -> String {
        let task = Bodies.task()
        return task + String(repeating: " ", count: bytes - task.utf8.count)
    }

    private static func accepting(_ answers: inout FakeStore.Answers) {
        answers.receive = { _ in .accepted(generation: 1) }
        answers.list = .success(TaskPage(tasks: [], next: nil))
        answers.cancel = .success(.cancelled)
    }

    @Test func `A body may have 256 KiB and a batch 4 MiB`() async throws {
        var limits = ServerLimits()
        // Long enough for a busy machine to send what is refused.
        limits.lingerDeadline = .seconds(60)
        try await TestServer.run(limits: limits, store: Self.accepting) { server in
            let client = try await RawClient.connect(port: server.port, leavesWithServer: false)
            let largest = try await client.exchange("POST", "/api/task/receive", body: Self.task(bytes: 262_144))
            #expect(largest.status == 200)
            let batch = "[" + Self.task(bytes: 4_194_302) + "]"
            let largestBatch = try await client.exchange("POST", "/api/task/receive/batch", body: batch)
            #expect(largestBatch.status == 200)
            let tooLarge = try await client.exchange("POST", "/api/task/receive/batch", body: batch + " ")
            #expect(tooLarge.status == 413)
            #expect(tooLarge.errorType == "too_large")
            #expect(tooLarge.closes)
            await client.close()
        }
    }

    @Test(arguments: ["262145", "10737418240", "9223372036854775807"])
    func `A length over the limit is refused at the head`(length: String) async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            try await client.send("POST /api/task/receive HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.closes)
            #expect(try await client.rest() == "")
        }
    }

    @Test func `A chunked body is cut at the limit`() async throws {
        try await TestServer.run(store: Self.accepting) { server in
            let client = try await server.connect()
            let head = "POST /api/task/receive HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            let body = Self.task(bytes: 262_144)
            let chunks = String(body.utf8.count / 2, radix: 16)
            let half = body.utf8.count / 2
            let first = String(decoding: Array(body.utf8)[..<half], as: UTF8.self)
            let second = String(decoding: Array(body.utf8)[half...], as: UTF8.self)
            try await client.send(head + "\(chunks)\r\n\(first)\r\n\(chunks)\r\n\(second)\r\n0\r\n\r\n")
            #expect(try await client.answer().status == 200)
            try await client.send(head + "\(chunks)\r\n\(first)\r\n\(chunks)\r\n\(second)\r\n1\r\n \r\n0\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.closes)
        }
    }

    @Test func `A target may have 8 KiB`() async throws {
        try await TestServer.run(store: Self.accepting) { server in
            let target = "/api/task/list?x=" + String(repeating: "y", count: 8_192 - 17)
            let client = try await server.connect()
            #expect(try await client.exchange("GET", target).status == 200)
            let answer = try await client.exchange("GET", target + "y")
            #expect(answer.status == 414)
            #expect(answer.errorType == "too_large")
            #expect(answer.closes)
        }
    }

    @Test func `Headers may have 16 KiB and 100 fields`() async throws {
        try await TestServer.run(store: Self.accepting) { server in
            let client = try await server.connect()
            // "Host: test" is one field of 12 bytes.
            let exact = ["X: " + String(repeating: "y", count: 16_384 - 12 - 5)]
            #expect(try await client.exchange("GET", "/api/task/list", headers: exact).status == 200)
            let many = (1...99).map { "X\($0): y" }
            #expect(try await client.exchange("GET", "/api/task/list", headers: many).status == 200)
            for headers in [[exact[0] + "y"], many + ["X: y"], (1...20_000).map { "X\($0): y" }] {
                let answer = try await server.exchange("GET", "/api/task/list", headers: headers)
                #expect(answer.status == 431)
                #expect(answer.errorType == "too_large")
                #expect(answer.closes)
            }
        }
    }

    @Test func `An endless field is 431`() async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            try await client.send("GET /api/health HTTP/1.1\r\nX: " + String(repeating: "y", count: 40_000))
            let answer = try await client.answer()
            #expect(answer.status == 431)
            #expect(answer.closes)
        }
    }

    @Test func `Too many requests in flight are 429 and a cancel is never`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.requestsInFlight = 2
        let write = { (answers: inout FakeStore.Answers) in
            Self.accepting(&answers)
            answers.holdMatch(at: gate)
        }
        try await TestServer.run(limits: limits, store: write) { server in
            let waiting = try await server.connect()
            try await waiting.send(RawClient.request("POST", "/api/event", body: Bodies.event))
            try await gate.isReached()
            let client = try await server.connect()
            let sent = ContinuousClock.now
            let refused = try await client.exchange("GET", "/api/task/list")
            #expect(ContinuousClock.now - sent >= .milliseconds(250))
            #expect(refused.status == 429)
            #expect(refused.errorType == "overloaded")
            let pause = try #require(refused["retry-after"].flatMap { Int($0) })
            #expect((1...3).contains(pause))
            #expect(!refused.closes)
            #expect(try await client.exchange("POST", "/api/task/receive", body: Bodies.task()).status == 429)
            #expect(try await client.exchange("POST", "/api/task/cancel", body: Bodies.command).status == 200)
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
            gate.open()
            #expect(try await waiting.answer().status == 200)
            #expect(try await client.exchange("GET", "/api/task/list").status == 200)
        }
    }

    @Test func `Requests wait for room, events before tasks, and tasks as they came`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.requestsInFlight = 1
        limits.patience = .seconds(60)
        let write = { (answers: inout FakeStore.Answers) in
            Self.accepting(&answers)
            answers.holdMatch(at: gate)
        }
        let requests = [
            RawClient.request("POST", "/api/event", body: Bodies.event),
            RawClient.request("POST", "/api/task/receive", body: Bodies.task("T1")),
            RawClient.request("POST", "/api/task/receive", body: Bodies.task("T2")),
            RawClient.request("POST", "/api/event", body: Bodies.event),
        ]
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        try await TestServer.run(on: loop, limits: limits, store: write) { server in
            var clients: [RawClient] = []
            for (waiting, request) in requests.enumerated() {
                clients.append(try await server.connect())
                try await clients[waiting].send(request)
                try await gate.isReached()
                #expect(await eventually { server.requestsWaiting() == waiting })
            }
            gate.open()
            for client in clients { #expect(try await client.answer().status == 200) }
            let customer = FakeStore.Call.match("customer_123")
            #expect(server.store.calls == [customer, customer, .receive("T1"), .receive("T2")])
            #expect(server.requestsWaiting() == 0)
        }
        try await loop.shutdownGracefully()
    }

    @Test func `Room that one event loop makes serves who waits on another`() async throws {
        let gate = Gate()
        var limits = ServerLimits()
        limits.requestsInFlight = 1
        limits.patience = .seconds(60)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        try await TestServer.run(on: loops, limits: limits, store: { $0.holdMatch(at: gate) }) { server in
            var clients: [RawClient] = []
            for waiting in 0..<9 {
                clients.append(try await server.connect())
                try await clients[waiting].send(RawClient.request("POST", "/api/event", body: Bodies.event))
                try await gate.isReached()
                #expect(await eventually { server.requestsWaiting() == waiting })
            }
            gate.open()
            for client in clients { #expect(try await client.answer().status == 200) }
        }
        try await loops.shutdownGracefully()
    }

    @Test func `Bodies being read are bounded together`() async throws {
        var limits = ServerLimits()
        limits.bufferedBodies = 300_000
        try await TestServer.run(limits: limits, store: Self.accepting) { server in
            let head = "POST /api/task/receive HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n"
            let first = try await server.connect()
            try await first.send(head + "Expect: 100-continue\r\n\r\n")
            #expect(try await first.answer().status == 100)
            let second = try await server.connect()
            try await second.send(head + "\r\n")
            let refused = try await second.answer()
            #expect(refused.status == 429)
            #expect(refused.errorType == "overloaded")
            await first.close()
            let accepted = try await eventually {
                try await server.exchange("POST", "/api/task/receive", body: Self.task(bytes: 200_000)).status == 200
            }
            #expect(accepted)
        }
    }

    @Test func `Connections over the limit wait until one closes`() async throws {
        var limits = ServerLimits()
        limits.connections = 1
        try await TestServer.run(limits: limits) { server in
            // More may be accepted in one go than the limit says; after that, nobody is.
            var clients: [RawClient] = []
            let first = try await server.connect()
            #expect(try await first.exchange("GET", "/api/health/live").status == 200)
            for _ in 0..<8 { clients.append(try await server.connect()) }
            let last = clients[7]
            try await last.send(RawClient.request("GET", "/api/health/live"))
            await first.close()
            for client in clients.dropLast() { await client.close() }
            #expect(try await last.answer().status == 200)
        }
    }
}
