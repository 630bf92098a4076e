import KefuCore
import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

/// The stream of changes, as it is read for the live stream.
@Suite(.timeLimit(.minutes(1)))
struct ChangeFeedTests {
    private static func with(_ body: (PrivateRedis, RedisClient, RedisChangeFeed) async throws -> Void) async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        try await body(redis, client, RedisChangeFeed(client: client))
        await client.close()
        try await redis.stop()
    }

    private static func add(_ numbers: ClosedRange<Int>, to redis: PrivateRedis) async throws {
        for number in numbers {
            let reply = try await redis.admin.command(
                .string("XADD"), "kefu:{0}:changes", .string("\(number)-0"), "change",
                .string("T\(number) running claimed 1800000000000 c:1 2"))
            #expect(reply.error == nil)
        }
    }

    @Test func `Redis keeps the contract of the feed`() async throws {
        try await Self.with { redis, _, feed in
            let flaws = try await FeedContract.flaws(of: feed) { try await Self.add($0, to: redis) }
            #expect(flaws == [])
            let page = try await feed.changes(after: ChangeID(ms: 1, count: 0), limit: 1)
            let change = Change(
                id: ChangeID(ms: 2, count: 0), taskID: "T2", status: "running", cause: "claimed",
                atMs: 1_800_000_000_000, customerID: "c:1", generation: 2)
            #expect(page.changes == [change])
        }
    }

    @Test func `What the scripts write is what is read`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("T:1"))
        let feed = RedisChangeFeed(client: test.client, keys: test.keys)
        let page = try await feed.changes(after: .zero, limit: 10)
        #expect(page.changes.map(\.taskID) == ["T:1"])
        #expect(page.changes.first?.status == "waiting")
        #expect(page.changes.first?.atMs == TestStore.epoch)
        #expect(page.changes.first?.generation == 1)
        #expect(page.oldest == page.newest && page.newest == page.changes.first?.id)
    }

    @Test func `No id and no foreign entry stops the feed`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example("T1", of: "\u{301}z"))
        try await test.command("XADD", test.keys.changes, "*", "foreign", "entry")
        try await test.accepted(.example("T2"))
        let page = try await RedisChangeFeed(client: test.client, keys: test.keys).changes(after: .zero, limit: 10)
        #expect(page.changes.map(\.taskID) == ["T1", "", "T2"])
        #expect(page.changes.first?.customerID == "\u{301}z")
    }

    @Test func `Waiting holds nobody up, ends at once, and afterwards nothing is sent`() async throws {
        try await Self.with { redis, client, feed in
            try await Self.add(1...1, to: redis)
            let before = client.commandsSent
            let follower = feed.follow()
            async let waiting: Result<[Change], any Error> = {
                do {
                    while true { _ = try await follower.next(after: ChangeID(ms: 1, count: 0), limit: 10) }
                } catch { return .failure(error) }
            }()
            try await eventually("it waits in Redis") {
                try await redis.answer("CLIENT", "LIST").text?.contains("cmd=xread") == true
            }
            for _ in 0..<100 { #expect(try await client.command("PING").text == "PONG") }
            // Signing in and the first XREAD; the others are ours.
            #expect(client.commandsSent - before - 100 <= 6)
            follower.close()
            if case .success = await waiting { Issue.record("it goes on") }
            try await eventually("its connection is gone") {
                try await redis.answer("CLIENT", "LIST").text?.contains("cmd=xread") == false
            }
            let after = client.commandsSent
            try await Self.add(2...200, to: redis)
            _ = try await client.command("PING")
            #expect(client.commandsSent == after + 1)
        }
    }

    @Test func `A connection that breaks is made again`() async throws {
        try await Self.with { redis, _, feed in
            try await Self.add(1...1, to: redis)
            let follower = feed.follow()
            #expect(try await follower.next(after: .zero, limit: 10).count == 1)
            for number in 2...4 {
                _ = try await redis.answer("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                try await Self.add(number...number, to: redis)
                var found: [Change] = []
                try await eventually("it is read") {
                    do {
                        found = try await follower.next(after: ChangeID(ms: UInt64(number - 1), count: 0), limit: 10)
                    } catch {
                        // The call that was cut.
                    }
                    return !found.isEmpty
                }
                #expect(found.map(\.taskID) == ["T\(number)"])
            }
            follower.close()
        }
    }

    @Test(
        arguments: [
            ("0-0", ChangeID.zero), ("1800000000000-12", ChangeID(ms: 1_800_000_000_000, count: 12)),
            ("18446744073709551615-18446744073709551615", ChangeID(ms: .max, count: .max)), ("", nil), ("-", nil),
            ("1", nil), ("1-", nil), ("-1", nil), ("1-2-3", nil), ("+1-2", nil), ("1- 2", nil), ("a-b", nil),
            ("18446744073709551616-0", nil), ("１-0", nil), ("1-000000000000000000000", nil),
        ] as [(String, ChangeID?)])
    func `An id is two plain numbers`(text: String, id: ChangeID?) { #expect(ChangeID(text) == id) }
}
