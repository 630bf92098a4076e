import Foundation
import Glibc
import TestSupport
import Testing

/// Kefu connected to a platform while Redis takes no events, or the platform no connection.
@Suite(.timeLimit(.minutes(2)))
struct ConnectorOutageTests {
    private static func settings(_ platform: Platform) -> [String: String] {
        [
            "KEFU_CONNECTOR_URL": platform.url, "KEFU_GATEWAY_URL": "connector:", "KEFU_CONNECTOR_LEASE_SECONDS": "5",
            "KEFU_LEASE_SECONDS": "1", "KEFU_GATEWAY_TIMEOUT_SECONDS": "2", "KEFU_SHUTDOWN_SECONDS": "1",
        ]
    }

    private static func events(_ numbers: ClosedRange<Int>) -> [JSON] {
        numbers.map { Tasks.said("x", by: "c\($0 % 7)", ["event_id": .string("e\($0)")]) }
    }

    private static func isFull(_ isFull: Bool, _ site: Site) async throws {
        _ = try await site.redis.answer("CONFIG", "SET", "maxmemory", isFull ? "1" : "0")
    }

    private static func stalls(_ instance: Instance) async throws {
        try await eventually("Redis takes no events") { instance.child.complaints.contains("停止读取平台消息") }
    }

    /// Has the platform asked for one action, which it does not answer.
    ///
    /// - Returns: the action frame's id.
    private static func silentAction(_ platform: Platform, _ instance: Instance) async throws -> String {
        try await platform.do("silent", ["on": true])
        try await instance.accept(Tasks.message("T1", customer: "a"))
        #expect(try await instance.report(Tasks.said("好的", by: "a")) == ["T1"])
        return try await platform.tells("the action") { $0["what"] == "action" }["frame"]["id"].string ?? ""
    }

    /// Waits until the connector's lease, which is renewed, ends so much later.
    private static func seconds(_ count: Int, pass site: Site) async throws {
        let from = try await leaseEnd(site)
        try await eventually("\(count) s have passed") { try await leaseEnd(site) > from + count * 1000 }
    }

    /// In milliseconds, by Redis' clock.
    private static func leaseEnd(_ site: Site) async throws -> Int {
        let text = try await site.redis.answer("HGET", "kefu:{0}:connector", "expires_at").text
        return try #require(text.flatMap { Int($0) })
    }

    @Test func `an instance stops although Redis is full, and gives the connection away`() async throws {
        try await Platform.run { platform in
            try await Site.run(Self.settings(platform)) { site, instance in
                try await platform.opened(1)
                try await Self.isFull(true, site)
                try await platform.send(Self.events(1...3))
                try await Self.stalls(instance)
                instance.child.signal(SIGTERM)
                #expect(try await instance.child.end() == 0)
                #expect(try await site.redis.answer("HGET", "kefu:{0}:connector", "expires_at").text == nil)
                try await Self.isFull(false, site)
                _ = try await site.start(Self.settings(platform))
                try await platform.opened(2)
                #expect(try await platform.isCaughtUp()["acknowledged"] == 3)
            }
        }
    }

    @Test func `a connection that ends while Redis is full is made again, and without one no action is begun`()
        async throws
    {
        try await Platform.run { platform in
            try await Site.run(Self.settings(platform)) { site, instance in
                try await platform.opened(1)
                _ = try await Self.silentAction(platform, instance)
                try await Self.isFull(true, site)
                try await platform.send(Self.events(1...100))
                try await Self.stalls(instance)
                try await platform.do("hold", ["on": true])
                try await platform.do("abort")
                try await eventually("the next handshake") { platform.log.count { $0["what"] == "asked" } == 2 }
                try await Self.seconds(3, pass: site)
                #expect(instance.child.complaints.components(separatedBy: "任务触发").count == 2)
                try await platform.do("silent", ["on": false])
                try await platform.do("hold", ["on": false])
                try await platform.opened(2)
                // What is under way is drained, full or not.
                #expect(try await instance.status("T1", is: "completed")["attempts"] == 2)
                #expect(try await platform.do("look")["acknowledged"] == 0)
                try await Self.isFull(false, site)
                let state = try await platform.isCaughtUp()
                #expect(state["wrong"] == 0)
            }
        }
    }

    @Test func `an action that was done while nothing could be read is completed by its first answer`() async throws {
        try await Platform.run { platform in
            try await Site.run(Self.settings(platform)) { site, instance in
                try await platform.opened(1)
                let id = try await Self.silentAction(platform, instance)
                try await Self.isFull(true, site)
                // More than is read.
                try await platform.send(Self.events(1...5000))
                try await platform.do("send", ["frames": [.string(#"{"id":"\#(id)","code":200}"#)]])
                try await Self.stalls(instance)
                // The action's time is over, more than once.
                try await Self.seconds(5, pass: site)
                #expect(try await instance.status("T1")["status"] == "running")
                try await Self.isFull(false, site)
                let task = try await instance.status("T1", is: "completed")
                #expect(task["attempts"] == 1)
                _ = try await platform.isCaughtUp(within: .seconds(60))
            }
        }
    }

    @Test func `an instance that stops does not wait for a handshake`() async throws {
        try await Platform.run { platform in
            try await platform.do("hold", ["on": true])
            try await Site.run(Self.settings(platform)) { _, instance in
                try await platform.tells("it is asked for the handshake") { $0["what"] == "asked" }
                instance.child.signal(SIGTERM)
                #expect(try await instance.child.end() == 0)
                #expect(!instance.child.complaints.contains("time limit"))
            }
        }
    }

    @Test func `a lease that is lost during a handshake ends it, and the next one has a greater token`() async throws {
        try await Platform.run { platform in
            try await platform.do("hold", ["on": true])
            let settings = Self.settings(platform).merging(["KEFU_CONNECTOR_LEASE_SECONDS": "1"]) { $1 }
            try await Site.run(settings) { site, instance in
                let first = try await platform.tells("it is asked for the handshake") { $0["what"] == "asked" }
                let key = "kefu:{0}:connector"
                _ = try await site.redis.answer("HSET", key, "owner", "other", "expires_at", "99999999999999")
                try await eventually("it knows") { instance.child.complaints.contains("租约已失效，断开连接") }
                _ = try await site.redis.answer("HSET", key, "expires_at", "0")
                // Before the limit of a handshake, which is longer than a lease.
                let second = try await platform.tells("it asks anew") { $0["what"] == "asked" && $0 != first }
                #expect(first["token"] == "1" && second["token"] == "2")
                try await platform.do("hold", ["on": false])
                try await platform.opened(1)
                #expect(platform.log.first { $0["what"] == "opened" }?["headers"]["x-kefu-fencing-token"] == "2")
                #expect(!instance.child.complaints.contains("time limit"))
            }
        }
    }
}
