import Foundation
import Synchronization
import TestSupport
import Testing

/// `kefu doctor --deep` beside working instances, and `--repair` on what was broken by hand.
@Suite(.timeLimit(.minutes(3)))
struct DeepDoctorTests {
    private static let looks = 4

    @Test func `while instances work, a deep look finds nothing, again and again`() async throws {
        try await Site.run(redis: ["--appendonly", "yes"]) { site in
            // Every third attempt fails once, so that tasks pause as well.
            site.gateway.respond { $0.number % 3 == 0 ? .status(503) : .status(200) }
            var fleet: [Instance] = []
            for _ in 0..<3 { fleet.append(try await site.start(["KEFU_LEASE_SECONDS": "2"])) }
            let kefu = fleet[0]
            let end = End()
            try await withThrowingTaskGroup { group in
                for (number, instance) in fleet.enumerated() {
                    group.addTask { try await Self.work(instance, number, until: end) }
                }
                var look = 0
                // Until it has looked at a site that was at work.
                while look < Self.looks || end.steps <= 20 {
                    look += 1
                    let outcome = try await kefu.kefu("doctor", "--deep", "--json", settings: Self.settings(of: site))
                    let json = try JSON(outcome.output)
                    #expect(json["findings"] == [], "look \(look): \(outcome.output)")
                    #expect(outcome.status == 0 && json["healthy"] == true, "\(outcome.output)")
                }
                end.come()
                try await group.waitForAll()
            }
        }
    }

    /// Tasks of every course.
    private static func work(_ kefu: Instance, _ number: Int, until end: End) async throws {
        var count = 0
        while !end.hasCome, !Task.isCancelled {
            let customer = "c\(number)-\(count % 50)"
            let id = "T\(number)-\(count)"
            try await kefu.accept(Tasks.message(id, customer: customer, ["max_retry": 5]))
            switch count % 6 {
            case 0: _ = try await kefu.cancel(id)
            case 1: break
            case 2: try await kefu.accept(Tasks.message(id + "x", customer: customer, ["timeout_hours": 0.0001]))
            default: _ = try await kefu.report(Tasks.said("好的", by: customer, ["event_id": .string(id)]))
            }
            count += 1
            end.step()
        }
    }

    @Test func `what is broken is named, mended by --repair, and then all agree`() async throws {
        try await Site.run(redis: ["--appendonly", "yes"]) { site in
            let kefu = try await site.start()
            let settings = Self.settings(of: site)
            try await kefu.accept(Tasks.message("T1"))
            try await kefu.accept(Tasks.message("T2", customer: "c2"))
            for command in [
                ["ZREM", "kefu:{0}:timeouts", "T1"], ["HDEL", "kefu:{0}:armed:c2:message", "T2"],
                ["ZADD", "kefu:{0}:ready", "5", "ghost"], ["SET", "kefu:{0}:note", "x"],
            ] {
                _ = try await site.redis.admin.command(command.map { .string($0) })
            }
            // A busy instance takes ghosts out of the queue by itself.
            let look = try await kefu.kefu("doctor", "--deep", settings: settings)
            #expect(look.status == 1)
            for line in [
                "fail  task T1: stands in no queue, by its record in timeouts",
                "fail  task T2: waits for its trigger, and the index does not have it under message",
                "warn  key kefu:{0}:note: is none of Kefu's keys", "fail  keys  ", "kefu doctor --repair",
            ] {
                #expect(look.output.contains(line), "\(look.output)")
            }
            #expect(try await kefu.report(Tasks.said("好的", by: "c2")) == [])

            let mended = try await kefu.kefu("doctor", "--repair", settings: settings)
            #expect(mended.status == 0, "\(mended.output)")
            for line in [
                "done  task T1: stands in no queue, by its record in timeouts → put it into timeouts",
                "done  task T2: waits for its trigger, and the index does not have it under message → armed it anew",
                "warn  key kefu:{0}:note: is none of Kefu's keys → ", "warn  keys  ",
            ] {
                #expect(mended.output.contains(line), "\(mended.output)")
            }
            _ = try await site.redis.answer("DEL", "kefu:{0}:note")
            let again = try await kefu.kefu("doctor", "--deep", settings: settings)
            #expect(again.status == 0 && again.output.contains("ok    keys  2 tasks, "), "\(again.output)")
            #expect(try await kefu.report(Tasks.said("好的", by: "c2")) == ["T2"])
            try await kefu.status("T2", is: "completed")
        }
    }

    @Test func `the Redis user of the README may look and mend, and without Redis it says so`() async throws {
        let port = Ports.free()
        try await Site.run(redis: ["--port", "\(port)", "--bind", "127.0.0.1"]) { site in
            let rules = try Self.documentedUser()
            let reply = try await site.redis.admin.command(rules.map { .string($0) })
            #expect(reply.text == "OK", "\(reply)")
            let url = "redis://kefu:a-long-password@127.0.0.1:\(port)/0"
            let kefu = try await site.start(["REDIS_URL": url])
            try await kefu.accept(Tasks.message("T1", ["timeout_hours": 0.0001]))
            try await kefu.accept(Tasks.message("T2"))
            try await kefu.status("T1", is: "failed")
            _ = try await site.redis.answer("PERSIST", "kefu:{0}:task:T2")
            _ = try await site.redis.answer("HDEL", "kefu:{0}:armed:c1:message", "T2")
            _ = try await site.redis.answer("EXPIRE", "kefu:{0}:task:T2", "1000")
            let mended = try await kefu.kefu("doctor", "--repair", settings: ["REDIS_URL": url])
            #expect(mended.output.contains("ok    keys  2 tasks, "), "\(mended.output)")
            #expect(mended.output.contains("mended: 2, left: 0"), "\(mended.output)")
            let refused = try await site.redis.answer("ACL", "LOG").array ?? []
            #expect(refused.isEmpty, "\(refused)")

            try await site.redis.kill()
            let down = try JSON(try await kefu.kefu("doctor", "--deep", "--json", settings: ["REDIS_URL": url]).output)
            let keys = down["checks"].elements.last
            #expect(keys?["name"] == "keys" && keys?["state"] == "fail" && down["healthy"] == false, "\(down.text)")
        }
    }

    /// The line of the README, as words.
    private static func documentedUser() throws -> [String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let text = try String(contentsOf: root.appendingPathComponent("README.md").standardized, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("ACL SETUSER ") })
        return line.split(separator: " ").map(String.init)
    }

    private static func settings(of site: Site) -> [String: String] {
        [
            "REDIS_URL": "unix://\(site.redis.folder)/s", "KEFU_GATEWAY_URL": site.gateway.url,
            "TIANWANG_CALLBACK_URL": site.receiver.url,
        ]
    }
}

/// That all looks have been taken.
private final class End: Sendable {
    private let state = Mutex((hasCome: false, steps: 0))

    func come() { state.withLock { $0.hasCome = true } }
    var hasCome: Bool { state.withLock { $0.hasCome } }
    /// Of all that work.
    func step() { state.withLock { $0.steps += 1 } }
    var steps: Int { state.withLock { $0.steps } }
}
