import Foundation
import TestSupport
import Testing

/// What an instance does with itself while there is no Redis.
@Suite(.timeLimit(.minutes(5)))
struct RedisGoneTests {
    @Test func `while Redis is gone nothing spins and nothing floods the log, and afterwards all goes on`() async throws
    {
        try await Site.run(redis: ["--appendonly", "yes"]) { site in
            let kefu = try await site.start()
            let id = "due"
            try await kefu.accept(Tasks.message(id, trigger: ["type": "time_reach", "time": try Self.soon()]))
            try await site.redis.kill()
            try await eventually("it is noticed") { try await kefu.get("/api/health").status == 503 }
            let (lines, cpu, start) = (Self.lines(kefu), try Self.cpu(kefu), try await Self.uptime(kefu))
            var refused = 0
            try await eventually(within: .seconds(60), "Redis has been away for some time") {
                for _ in 0..<20 where refused < 300 {
                    let answer = try await kefu.post("/api/task/receive", Tasks.message("refused"))
                    #expect(answer.status == 503 && answer["retry-after"] == "1")
                    refused += 1
                }
                return try await Self.uptime(kefu) >= start + 6 && refused == 300
            }
            // A handful tells all; each request or attempt to connect would make hundreds.
            #expect(Self.lines(kefu) - lines < 12, "\(kefu.child.complaints.suffix(3000))")
            // Seconds of processor time: a loop without a pause takes as many as there are.
            #expect(try Self.cpu(kefu) - cpu < 3)
            try await site.redis.start()
            try await kefu.status(id, is: "completed")
            try await eventually("all loops say that they are back") {
                ["Redis 已连接", "任务调度已恢复"].allSatisfy { kefu.child.complaints.contains($0) }
            }
            try await eventually("it is listed again") {
                try await kefu.get("/api/task/stats").data["instances"].elements.count == 1
            }
            #expect(Self.lines(kefu) - lines < 20)
            #expect(try await kefu.get("/api/task/status/refused").status == 404)
        }
    }

    @Test func `connections cut every moment cost the calls under way and nothing else`() async throws {
        try await Site.run([:]) { site, kefu in
            for round in 0..<10 {
                for number in 0..<5 {
                    let task = Tasks.message("T\(round)-\(number)", customer: "c\(round)")
                    try await eventually("it is accepted") {
                        try await kefu.post("/api/task/receive", task).status == 200
                    }
                }
                _ = try await site.redis.answer("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                // The link is gone; a connection is made within a blink.
                try await eventually("it serves") { try await kefu.get("/api/health").status == 200 }
            }
            for round in 0..<10 {
                let fired = try await kefu.report(Tasks.said("好的", by: "c\(round)"))
                #expect(Set(fired) == Set((0..<5).map { "T\(round)-\($0)" }))
            }
            // Two a cut, and some of the loops'.
            #expect(Self.lines(kefu) < 100, "\(kefu.child.complaints)")
        }
    }

    /// While Redis is away: late enough that a busy machine has ended it by then.
    private static func soon() throws -> JSON {
        .string(Date(timeIntervalSinceNow: 6).ISO8601Format())
    }

    private static func lines(_ kefu: Instance) -> Int {
        // Those of requests that were worked on are told apart by their ids.
        kefu.child.complaints.split(separator: "\n").filter { !$0.contains("task_id=") }.count
    }

    private static func uptime(_ kefu: Instance) async throws -> Int {
        try await kefu.get("/api/health/live").data["uptime_seconds"].int ?? 0
    }

    /// User and system time in seconds, as the kernel accounts it: see `man proc`.
    private static func cpu(_ kefu: Instance) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(kefu.child.pid)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last?.split(separator: " ").compactMap { Double($0) } ?? []
        // Behind the name: a letter, then ten numbers, then these two; in hundredths.
        return fields.count > 11 ? (fields[10] + fields[11]) / 100 : 0
    }
}
