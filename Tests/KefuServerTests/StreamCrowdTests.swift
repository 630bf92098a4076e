import KefuCore
import KefuServer
import TestSupport
import Testing

/// The live stream with many listeners, slow ones, and ones that leave.
@Suite(.timeLimit(.minutes(1)))
struct StreamCrowdTests {
    private static func limits(_ change: (inout StreamLimits) -> Void) -> StreamLimits {
        var limits = StreamLimits()
        limits.pace = .milliseconds(1)
        change(&limits)
        return limits
    }

    @Test func `A slow reader is dropped and told so, the memory stays bounded, and others hear everything`()
        async throws
    {
        let limits = Self.limits { $0.queuedBytes = 64 * 1024 }
        try await TestServer.run(stream: limits) { server in
            let quick = try await EventStream.open(port: server.port)
            let slow = try await EventStream.open(port: server.port, readsNothing: true)
            try await eventually("both listen") { server.broadcast.listeners == 2 }
            let text = String(repeating: "x", count: 2_000)
            var (sent, most) = (0, 0)
            try await eventually(within: .seconds(40), "the slow one has ended") {
                // The quick one is waited for: it must not become slow itself.
                if quick.events("task").count == sent, sent < 20_000 {
                    server.feed.add((sent + 1)...(sent + 20), text: text)
                    sent += 20
                }
                most = max(most, server.broadcast.queuedBytes)
                return server.broadcast.dropped == 1
            }
            #expect(most <= 64 * 1024 + 20 * 2_300)
            try await eventually("the quick one has all") { quick.events("task").count == sent }
            try await slow.read()
            try await eventually("the slow one is told") { slow.isComplete && slow.isClosed }
            #expect(slow.events.last?.name == "dropped")
            #expect(slow.events.last?.json["reason"].string == "slow_reader")
            let heard = slow.events("task").count
            #expect(heard < sent)
            #expect(slow.events("task").map(\.id) == (1...heard).map { "\($0)-0" })
            #expect(slow.flaw == nil)
            // It comes again where it was.
            let last = try #require(slow.lastID)
            let again = try await EventStream.open(port: server.port, headers: ["Last-Event-ID: \(last)"])
            try await eventually("it has the rest") { again.events("task").count == sent - heard }
            #expect(!quick.isClosed)
        }
    }

    @Test func `Whoever does not even take what is written is cut`() async throws {
        var server = ServerLimits()
        server.answerDeadline = .milliseconds(200)
        try await TestServer.run(limits: server, stream: Self.limits { _ in }) { server in
            _ = try await EventStream.open(port: server.port, readsNothing: true)
            try await eventually("it listens") { server.broadcast.listeners == 1 }
            var sent = 0
            try await eventually("it is gone") {
                if sent < 40_000 {
                    server.feed.add((sent + 1)...(sent + 50), text: String(repeating: "x", count: 2_000))
                    sent += 50
                }
                return server.broadcast.listeners == 0
            }
            #expect(server.broadcast.queuedBytes == 0)
        }
    }

    @Test func `What waits for all listeners together is bounded, too`() async throws {
        let limits = Self.limits { $0.queuedBytesOfAll = 256 * 1024 }
        try await TestServer.run(stream: limits) { server in
            for _ in 0..<8 { _ = try await EventStream.open(port: server.port, readsNothing: true) }
            try await eventually("all listen") { server.broadcast.listeners == 8 }
            var (sent, most) = (0, 0)
            try await eventually(within: .seconds(40), "all are dropped") {
                // What eight have to wait for at a time is less than the limit, so that it is seen waiting.
                if sent < 60_000, server.feed.isRead {
                    most = max(most, server.broadcast.queuedBytes)
                    server.feed.add((sent + 1)...(sent + 14), text: String(repeating: "x", count: 2_000))
                    sent += 14
                }
                most = max(most, server.broadcast.queuedBytes)
                return server.broadcast.dropped == 8
            }
            #expect(most > 0 && most <= 256 * 1024 + 20 * 1024)
            #expect(server.broadcast.queuedBytes == 0)
        }
    }

    @Test func `One listener too many is refused, and has a place when another leaves`() async throws {
        try await TestServer.run(stream: Self.limits { $0.listeners = 3 }) { server in
            var streams: [EventStream] = []
            for _ in 0..<3 { streams.append(try await EventStream.open(port: server.port)) }
            let refused = try await server.exchange("GET", "/api/task/stream")
            #expect(refused.status == 429 && refused.errorType == "overloaded" && refused["retry-after"] == "5")
            await streams[1].close()
            try await eventually("there is a place") { server.broadcast.listeners == 2 }
            let late = try await EventStream.open(port: server.port)
            #expect(late.status == 200)
            server.feed.add(1...1)
            try await eventually("those who are there hear it") {
                late.changes.count == 1 && streams[0].changes.count == 1 && streams[2].changes.count == 1
            }
        }
    }

    @Test func `A stop is told, the answers end whole, and nobody waits for the grace`() async throws {
        try await TestServer.run(stream: Self.limits { _ in }) { server in
            let streams = try await [
                EventStream.open(port: server.port), EventStream.open(port: server.port, "/api/task/stream?stats=true"),
            ]
            let deaf = try await EventStream.open(port: server.port, readsNothing: true)
            try await eventually("all listen") { server.broadcast.listeners == 3 }
            server.feed.add(1...5)
            try await eventually("all is heard") { streams.allSatisfy { $0.changes.count == 5 } }
            await server.shutDown()
            try await eventually(within: .seconds(10), "all have ended") {
                streams.allSatisfy { $0.isClosed } && server.broadcast.listeners == 0
            }
            for stream in streams {
                #expect(stream.isComplete && stream.flaw == nil)
                #expect(stream.events.last?.name == "closing")
                #expect(stream.events.last?.retry == "100")
                #expect(stream.lastID == "5-0")
            }
            await deaf.close()
        }
    }

    @Test func `While nobody listens nobody is asked`() async throws {
        try await TestServer.run(stream: Self.limits { $0.stats = .milliseconds(1) }) { server in
            #expect(server.feed.reads == 0 && server.feed.followers == 0)
            for round in 1...3 {
                let stream = try await EventStream.open(port: server.port, "/api/task/stream?stats=true")
                server.feed.add(round...round)
                try await eventually("it comes") { stream.changes == ["T\(round) running"] }
                #expect(server.feed.followers == 1)
                await stream.close()
                try await eventually("nobody follows") { server.feed.followers == 0 }
                let reads = server.feed.reads
                server.feed.add((100 * round)...(100 * round + 9))
                server.feed.trim(to: 1)
                for _ in 0..<20 { #expect(try await server.exchange("GET", "/api/health/live").status == 200) }
                #expect(server.feed.reads == reads)
                server.feed.trim(to: 0)
            }
        }
    }

    @Test func `A listener that hangs up in whatever way gives its place back`() async throws {
        try await TestServer.run(stream: Self.limits { _ in }) { server in
            let rude = try await EventStream.open(port: server.port)
            try await rude.send("GET /api/health/live HTTP/1.1\r\nHost: h\r\n\r\nnonsense")
            server.feed.add(1...1)
            try await eventually("it hears on") { rude.changes.count == 1 }
            let half = try await server.connect()
            try await half.send(RawClient.request("GET", "/api/task/stream"))
            try await eventually("both listen") { server.broadcast.listeners == 2 }
            try await half.finishSending()
            try await eventually("one has gone") { server.broadcast.listeners == 1 }
            await rude.close()
            try await eventually("both have gone") { server.broadcast.listeners == 0 }
        }
    }
}
