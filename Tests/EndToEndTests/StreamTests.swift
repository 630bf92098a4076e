import Foundation
import TestSupport
import Testing

/// The live stream of real instances over a real Redis.
@Suite(.timeLimit(.minutes(3)))
struct StreamTests {
    private static let life = ["waiting", "running", "completed"]

    private static func fire(_ ids: [String], at kefu: Instance) async throws {
        for id in ids {
            try await kefu.accept(Tasks.message(id, customer: "c-\(id)"))
            #expect(try await kefu.report(Tasks.said("好的", by: "c-\(id)")) == [id])
        }
    }

    private static func isWhole(_ ids: [String], in changes: [String]) -> Bool {
        ids.allSatisfy { id in Self.life.allSatisfy { changes.contains("\(id) \($0)") } }
    }

    @Test func `whichever instance makes a change, all listeners hear it, and come again anywhere`() async throws {
        try await Site.run { site in
            let (first, second) = (try await site.start(), try await site.start())
            let here = try await EventStream.open(port: first.port)
            let there = try await EventStream.open(port: second.port)
            try await Self.fire(["T1", "T2"], at: first)
            try await Self.fire(["T3"], at: second)
            try await eventually("both hear all of it") {
                [here, there].allSatisfy { Self.isWhole(["T1", "T2", "T3"], in: $0.changes) }
            }
            #expect(here.events("task") == there.events("task"))
            let event = try #require(here.events("task").first)
            #expect(event.json["customer_id"] == "c-T1" && event.json["generation"] == 1)
            #expect(event.json["at"].string?.hasSuffix("+08:00") == true)
            await here.close()
            try await Self.fire(["T4", "T5"], at: first)
            let last = try #require(here.lastID)
            let again = try await EventStream.open(port: second.port, headers: ["Last-Event-ID: \(last)"])
            try await eventually("it hears what it has missed") { Self.isWhole(["T4", "T5"], in: again.changes) }
            try await eventually("they have heard the same") {
                here.events("task") + again.events("task") == there.events("task")
            }
            #expect(again.events("gap").isEmpty)
            let future = try await EventStream.open(port: first.port, headers: ["Last-Event-ID: 9999999999999-0"])
            try await eventually("the gap is told") { future.events("gap").count == 1 }
            #expect(future.events("gap").first?.json["reason"] == "future")
            #expect(future.events("gap").first?.id == there.lastID)
        }
    }

    @Test func `a change of another instance is heard within a tenth of a second, usually`() async throws {
        try await Site.run { site in
            let (first, second) = (try await site.start(), try await site.start())
            let stream = try await EventStream.open(port: first.port)
            var delays: [Duration] = []
            for number in 0..<30 {
                try await second.accept(Tasks.message("T\(number)"))
                let start = ContinuousClock.now
                try await eventually("it is heard") { stream.changes.last == "T\(number) waiting" }
                delays.append(ContinuousClock.now - start)
            }
            // The median: no test asserts a time that a busy machine could miss once.
            #expect(delays.sorted()[15] < .milliseconds(100), "\(delays.sorted())")
        }
    }

    @Test func `Redis is killed under a listener, and nothing is missing`() async throws {
        try await Site.run(redis: ["--appendonly", "yes", "--appendfsync", "always"]) { site in
            let kefu = try await site.start()
            let stream = try await EventStream.open(port: kefu.port)
            var ids: [String] = []
            for round in 0..<3 {
                let id = "T\(round)"
                try await Self.fire([id], at: kefu)
                ids.append(id)
                try await eventually("it is heard") { stream.changes.contains("\(id) completed") }
                try await site.redis.kill()
                try await eventually("it is noticed") { try await kefu.get("/api/health").status == 503 }
                try await site.redis.start()
                try await eventually("it serves") { try await kefu.get("/api/health").status == 200 }
            }
            try await Self.fire(["last"], at: kefu)
            try await eventually("all is heard") { Self.isWhole(ids + ["last"], in: stream.changes) }
            let entries = try await site.redis.answer("XRANGE", "kefu:{0}:changes", "-", "+").array ?? []
            #expect(stream.events("task").map(\.id) == entries.map { $0.array?.first?.text })
            #expect(stream.events("gap").isEmpty && !stream.isClosed)
        }
    }

    @Test func `an instance that stops sends its listeners to another, and they lose nothing`() async throws {
        try await Site.run { site in
            let (first, second) = (try await site.start(), try await site.start())
            let stream = try await EventStream.open(port: first.port, "/api/task/stream?stats=true")
            try await Self.fire(["T1"], at: second)
            try await eventually("it is heard") { Self.isWhole(["T1"], in: stream.changes) }
            try await eventually("statistics come") { !stream.events("stats").isEmpty }
            let asked = try await second.get("/api/task/stats").data.members.keys
            let told = try #require(stream.events("stats").first).json.members.keys
            #expect(Set(told) == Set(asked))
            first.child.signal(15)
            try await Self.fire(["T2"], at: second)
            try await eventually("it ends") { stream.isClosed }
            #expect(stream.isComplete && stream.flaw == nil && stream.events.last?.name == "closing")
            #expect(try await first.child.end() == 0)
            let last = try #require(stream.lastID)
            let again = try await EventStream.open(port: second.port, headers: ["Last-Event-ID: \(last)"])
            try await Self.fire(["T3"], at: second)
            try await eventually("the rest is heard") {
                Self.isWhole(["T1", "T2", "T3"], in: stream.changes + again.changes)
            }
            #expect(again.events("gap").isEmpty)
        }
    }

    @Test func `while nobody listens Redis is not asked, and afterwards no more`() async throws {
        try await Site.run([:]) { site, kefu in
            func reads() async throws -> String {
                let text = try await site.redis.answer("INFO", "commandstats").text ?? ""
                let commands = ["cmdstat_xrange:", "cmdstat_xrevrange:", "cmdstat_xread:"]
                return text.split(separator: "\r\n").filter { commands.contains(where: $0.hasPrefix) }
                    .joined(separator: " ")
            }
            func connections() async throws -> Int {
                let text = try await site.redis.answer("CLIENT", "LIST").text ?? ""
                return text.split(separator: "\n").filter { $0.contains("name=kefu-") }.count
            }
            let before = try await connections()
            try await Self.fire(["T1"], at: kefu)
            try await kefu.status("T1", is: "completed")
            #expect(try await reads() == "")
            let streams = try await [EventStream.open(port: kefu.port), EventStream.open(port: kefu.port)]
            try await eventually("one connection more") { try await connections() == before + 1 }
            try await Self.fire(["T2"], at: kefu)
            try await eventually("both hear it") { streams.allSatisfy { $0.changes.contains("T2 completed") } }
            for stream in streams { await stream.close() }
            try await eventually("it is closed") { try await connections() == before }
            let after = try await reads()
            #expect(after.contains("xread"))
            try await Self.fire(["T3"], at: kefu)
            try await kefu.status("T3", is: "completed")
            #expect(try await reads() == after)
        }
    }
}
