// A key space with tasks in every state, and all the ways to break it by hand.
import KefuCore
import Synchronization
import Testing

@testable import KefuRedis

struct Breakage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Commands, words separated by spaces; `K:` stands for the prefix, `CB` for the id of the pending callback.
    var commands: [String]
    /// `subject kind` of each finding, sorted; `CB` as above.
    var findings: [String]
    /// Whether a repair brings back the very key space that was broken.
    var isRestored: Bool

    init(_ name: String, _ commands: String..., finds: [String], restores: Bool = true) {
        testDescription = name
        self.commands = commands
        findings = finds.sorted()
        isRestored = restores
    }

    static let all = queues + fields + members + deliveries + index + counters + callbacks + instances + keys

    private static let queues = [
        Breakage("armed, without deadline", "ZREM K:timeouts armed", finds: ["task armed queues"]),
        Breakage("scheduled nowhere", "ZREM K:timeouts later", "ZREM K:scheduled later", finds: ["task later queues"]),
        Breakage("ready nowhere", "ZREM K:ready ready", finds: ["task ready queues"]),
        Breakage("pausing nowhere", "ZREM K:retrying pausing", finds: ["task pausing queues"]),
        Breakage("running nowhere", "ZREM K:running held", finds: ["task held queues"], restores: false),
        Breakage("completed nowhere", "ZREM K:completed done", finds: ["task done queues"]),
        Breakage("in two queues", "ZADD K:ready 5 held", finds: ["task held queues"]),
        Breakage("in the wrong queue", "ZREM K:ready ready", "ZADD K:failed 5 ready", finds: ["task ready queues"]),
        Breakage("ended and due again", "ZADD K:ready 5 done", finds: ["task done queues"]),
        Breakage("at the wrong time", "ZADD K:timeouts 5 armed", finds: ["task armed score"]),
        Breakage("out of turn", "ZADD K:ready 5 ready", finds: ["task ready score"]),
        Breakage("a lease without end", "ZADD K:running inf held", finds: ["task held lease"], restores: false),
    ]

    private static let fields = [
        Breakage("running, held by nobody", "HDEL K:task:held owner", finds: ["task held owner"], restores: false),
        Breakage("waiting, held by someone", "HSET K:task:armed owner i9:1", finds: ["task armed stray"]),
        Breakage("completed, with a next attempt", "HSET K:task:done next_attempt_at 5", finds: ["task done stray"]),
        Breakage("ready, with an end", "HSET K:task:ready completed_at 5", finds: ["task ready stray"]),
        Breakage("failed, with a cancel asked for", "HSET K:task:bad cancel_requested 1", finds: ["task bad stray"]),
        Breakage("ended, nobody knows when", "HDEL K:task:done completed_at", finds: ["task done end"]),
        Breakage(
            "ready, with a cancel asked for", "HSET K:task:ready cancel_requested 1",
            finds: ["task ready cancel", "task ready queues"], restores: false),
        Breakage("fired, and armed", "HSET K:task:ready armed message", finds: ["task ready stray"]),
    ]

    private static let members = [
        Breakage("not in created", "ZREM K:created armed", finds: ["task armed unlisted"]),
        Breakage("elsewhere in created", "ZADD K:created 5 done", finds: ["task done unlisted"]),
        Breakage("not its customer's", "ZREM K:customer:c%3A1 armed", finds: ["task armed unlisted"]),
        Breakage("another customer's too", "ZADD K:customer:c9 5 armed", finds: ["task armed foreign"]),
        Breakage("ready without a record", "ZADD K:ready 5 ghost", finds: ["task ghost no_record"]),
        Breakage(
            "everywhere without a record", "ZADD K:created 5 g:1", "ZADD K:customer:c9 5 g:1", "ZADD K:failed 5 g:1",
            "RPUSH K:attempts:g%3A1 {}", "HSET K:armed:c9:order g:1 *",
            finds: Array(repeating: "task g:1 no_record", count: 5)),
        Breakage(
            "its record is lost", "UNLINK K:task:done", finds: Array(repeating: "task done no_record", count: 3),
            restores: false),
        Breakage(
            "the record of a waiting one is lost", "UNLINK K:task:armed",
            finds: Array(repeating: "task armed no_record", count: 4) + ["counts counts"], restores: false),
        Breakage(
            "eleven attempts", "RPUSH K:attempts:pausing 2 3 4 5 6 7 8 9 10 11", finds: ["task pausing long"],
            restores: false),
    ]

    private static let deliveries = [
        Breakage("deliveries of nobody", "RPUSH K:deliveries:g%3A1 {}", finds: ["task g:1 no_record"]),
        Breakage(
            "eleven deliveries", "RPUSH K:deliveries:done 1 2 3 4 5 6 7 8 9 10 11", finds: ["task done long"],
            restores: false),
    ]

    private static let index = [
        Breakage("waiting, its entry is gone", "HDEL K:armed:c%3A1:message armed", finds: ["task armed unarmed"]),
        Breakage("waiting, its record names no entry", "HDEL K:task:armed armed", finds: ["task armed unarmed"]),
        Breakage(
            "waiting, neither", "HDEL K:armed:c2:custom:a%3Ab named", "HDEL K:task:named armed",
            finds: ["task named unarmed"]),
        Breakage("an entry too many", "HSET K:armed:c%3A1:payment armed *", finds: ["task armed stale_entry"]),
        Breakage("another customer's entry", "HSET K:armed:c9:message armed any", finds: ["task armed stale_entry"]),
        Breakage("the entry of one that fired", "HSET K:armed:c1:message ready any", finds: ["task ready stale_entry"]),
        Breakage("the entry of one that ended", "HSET K:armed:c1:message done any", finds: ["task done stale_entry"]),
        Breakage("the entry of a time", "HSET K:armed:c1:message later any", finds: ["task later stale_entry"]),
    ]

    private static let counters = [
        Breakage("counted too high", "HINCRBY K:counts normal:customer_reply 3", finds: ["counts counts"]),
        Breakage("counted too low", "HINCRBY K:counts normal:customer_reply -2", finds: ["counts counts"]),
        Breakage("not counted", "HDEL K:counts high:time_reach", finds: ["counts counts"]),
        Breakage("counted twice over", "HSET K:counts low:x 4", finds: ["counts counts"], restores: false),
    ]

    private static let callbacks = [
        Breakage("never delivered", "ZREM K:callbacks CB", finds: ["callback CB no_queue"], restores: false),
        Breakage("delivered twice", "ZADD K:callbacks:dead 5 CB", finds: ["callback CB two_queues"]),
        Breakage("nothing to deliver", "UNLINK K:callback:CB", finds: ["callback CB no_contents"], restores: false),
        Breakage("nothing to replay", "ZADD K:callbacks:dead 5 cb_x", finds: ["callback cb_x no_contents"]),
    ]

    private static let instances = [
        Breakage("listed only", "UNLINK K:instance:i1", finds: ["instance i1 half"], restores: false),
        Breakage("described only", "ZREM K:instances i1", finds: ["instance i1 half"], restores: false),
        Breakage("silent", "ZADD K:instances 5 i1", finds: ["instance i1 silent"], restores: false),
    ]

    private static let keys = [
        Breakage("an event for ever", "PERSIST K:event:c1:e%3A1", finds: ["key K:event:c1:e%3A1 endless"]),
        Breakage("a record for an hour", "EXPIRE K:task:armed 3600", finds: ["key K:task:armed expires"]),
        Breakage("a queue for an hour", "EXPIRE K:ready 3600", finds: ["key K:ready expires"]),
    ]
}

extension TestStore {
    /// Tasks in every state, callbacks pending and dead, an instance, an event that was seen; a second later.
    func populate() async throws {
        try await dead("old")
        let base: Int64 = 90_000_000
        try await at(base)
        try await finished(try await held(.example("done")), .completed)
        try await finished(try await held(.example("bad")), .rejected)
        try await finished(try await held(.example("pausing", priority: .high)), .retry(.seconds(60)))
        try await held(.example("held"))
        _ = try await store.cancel(taskID: "held", reason: nil)
        try await accepted(
            .example("armed", of: "c:1", .reply("好的", match: .all, exclude: ["不"])), .example("paid", .payment()),
            .example("named", of: "c2", .custom("a:b")),
            .example("later", .time(base + 60_000), priority: .high), .example("ready"), .example("gone"))
        _ = try await store.cancel(taskID: "gone", reason: nil)
        _ = try await store.fire(taskID: "ready")
        _ = try await store.match(.message("你好", id: "e:1"), capacity: 0)
        store.tally.add(.events)
        try await store.heartbeat(running: 1)
        // All but one callback has been delivered.
        let handed = try await store.sweep(capacity: 0, callbackCapacity: 100).callbacks
        for claim in handed.dropFirst() { _ = try await store.settleCallback(claim, outcome: .delivered) }
        try await at(base + 1_000)
    }

    /// What a deep look at this key space finds. The tests' clock, which is none of Kefu's keys, is left out.
    func inspected(repairing: Bool = false) async throws -> [Finding] {
        let sink = FindingSink()
        var inspection = Inspection(
            client: client, scripts: store.scripts, keys: keys, isRepairing: repairing, lease: store.policy.lease,
            rest: 0, report: { sink.take($0) })
        try await inspection.run()
        let clock = "key \(keys.prefix)clock"
        return sink.findings.filter { $0.subject != clock }
    }

    func breakUp(_ breakage: Breakage, callback: String) async throws {
        for command in breakage.commands {
            let words = command.split(separator: " ").map { word in
                word.replacing("CB", with: callback).replacing("K:", with: keys.prefix)
            }
            let reply = try await client.command(words.map { .string(String($0)) })
            if let error = reply.error { throw error }
            // It was there, or is: what changes nothing is no breakage.
            if words[0] != "ZADD", words[0] != "HSET" { try #require(reply != .integer(0), "\(command)") }
        }
    }

    /// `subject kind` of each, sorted, in a breakage's words.
    func words(_ findings: [Finding], callback: String) -> [String] {
        findings.map { finding in
            let subject = finding.subject.replacing(callback, with: "CB").replacing(keys.prefix, with: "K:")
            return "\(subject) \(finding.kind.rawValue)"
        }.sorted()
    }

    /// The id of the one callback that is to be delivered.
    func pendingCallback() async throws -> String {
        guard case .sortedSet(let scores)? = try await image()["callbacks"]?.value, scores.count == 1,
            let id = scores.keys.first
        else { throw RESPError("not one callback") }
        return id
    }
}

/// Takes what is found, on whatever thread.
final class FindingSink: Sendable {
    private let taken = Mutex<[Finding]>([])

    func take(_ finding: Finding) { taken.withLock { $0.append(finding) } }

    var findings: [Finding] { taken.withLock { $0 } }
}
