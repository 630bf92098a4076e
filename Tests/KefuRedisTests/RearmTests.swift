import KefuCore
import Testing

@testable import KefuRedis

@Suite struct RearmTests {
    /// Triggers as senders write them.
    static let triggers = [
        #"{"type":"customer_reply"}"#,
        #"{"type":"customer_reply","keyword":"好的","exclude":["不好的","ＮＯ"]}"#,
        #"{"type":"customer_keyword","keyword":"ＯＫ！","keywords":["Straße","ok!","“quoted\" \\text"],"match":"exact"}"#,
        #"{"type":"customer_reply","keywords":["发票","  多 少\t钱 "],"match":"all"}"#,
        #"{"type":"customer_payment"}"#,
        #"{"type":"customer_payment","where":{"amount":{"gte":100,"lt":1e3},"order_id":"A1"}}"#,
        #"{"type":"customer_order","where":{"vip":true,"k:%":{"in":["a",2,false]},"x":{"exists":false},"y":{"ne":-0.5}}}"#,
        #"{"type":"custom_event","event":"a:b%c","where":{"n":{"gt":3}}}"#,
        #"[{"type":"customer_reply","keyword":"好的"},{"type":"customer_payment"},{"type":"customer_reply"}]"#,
        #"[{"type":"time_reach","time":"2030-01-01 09:00:00"},{"type":"customer_order","lookback_seconds":9.5}]"#,
        #"[{"type":"customer_order"},{"type":"time_reach","time":"2031-01-01 09:00:00"},"#
            + #"{"type":"time_reach","time":"2030-01-01 09:00:00"}]"#,
    ]

    static func task(_ trigger: String) throws -> NewTask {
        let member = trigger.hasPrefix("[") ? "triggers" : "trigger"
        let body =
            #"{"task_id":"T1","type":"x","customer":{"id":"c:1"},"\#(member)":\#(trigger),"#
            + #""action":{"type":"send_message","message":"谢谢"}}"#
        let zone = try #require(TimeZoneRules(name: "Asia/Shanghai"))
        let reader = RequestReader(timeZone: zone, eventLog: .seconds(3600))
        return try Array(body.utf8).withUnsafeBytes { try reader.task($0) }
    }

    @Test(arguments: triggers)
    func `A task is armed from its record as it was armed when it came`(trigger: String) async throws {
        let test = try await TestStore()
        let task = try Self.task(trigger)
        try await test.accepted(task)
        let whole = try await test.image()
        let armed = try #require(
            whole["task:T1"].flatMap { image -> String? in
                if case .hash(let record) = image.value { record["armed"] } else { nil }
            })
        for entry in armed.split(separator: "\n") where entry != "scheduled" {
            try await test.command("HDEL", test.keys.armed(customer: "c:1", entry: String(entry)), "T1")
        }
        try await test.command("HDEL", test.keys.task("T1"), "armed")
        try await test.at(1_000)
        #expect(try await test.inspected(repairing: true).map(\.kind) == [.unarmed])
        let after = try await test.image()
        #expect(KeySpaceText(after).changes(since: KeySpaceText(whole)) == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Entries of another name go when the record's are written`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .reply("好")))
        try await test.command("HSET", test.keys.task("T1"), "armed", "payment")
        try await test.command("HSET", test.keys.armed(customer: "c1", entry: "payment"), "T1", "*")
        let step = try await test.step { try await Self.rearm($0, "d1", .reply("好")) }
        #expect(step.answer == .armed)
        #expect(step.changes == "- armed:c1:payment T1: *\n~ task:T1 armed: payment → message")
    }

    @Test func `What has moved on, or is another task, is not touched`() async throws {
        let test = try await TestStore()
        #expect(try await Self.rearm(test.store, "d1", .payment()) == .missing)
        try await test.accepted(.example("T1", .reply("好")))
        #expect(try await test.step { try await Self.rearm($0, "d1", .reply("好")) }.answer == .whole)
        #expect(try await test.step { try await Self.rearm($0, "d2", .payment()) }.answer == .moved)
        _ = try await test.store.fire(taskID: "T1")
        let fired = try await test.step { try await Self.rearm($0, "d1", .reply("好")) }
        #expect(fired.answer == .moved && fired.changes == "")
    }

    private static func rearm(
        _ store: RedisTaskStore, _ content: String, _ triggers: Trigger...
    ) async throws -> Inspection.Rearming {
        try await InspectTests.inspection(store, true).rearm(
            "T1", content: content, triggers)
    }
}
