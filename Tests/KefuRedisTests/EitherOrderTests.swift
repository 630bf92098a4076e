import KefuCore
import TestSupport
import Testing

// The order of an event and a task must not matter to a task that looks back. Every trigger of a table with every event
// of a table, either way round, and random sequences of several.

@Suite struct EitherOrderTests {
    private static let triggers: [Trigger] = [
        .reply(), .reply("好"), .reply("好的", match: .exact), .reply("发票", "地址", match: .all),
        .reply("好", exclude: ["不"]), .keyword("退款"), .payment(), .order(), .custom("signed"), .custom("a b\n%:c"),
        .payment(.when("sum", .greaterOrEqual, .number(10)), .when("vip", .equal, .bool(true))),
        .order(.when("id", .isIn, .string("A"), .string("B"))), .order(.when("gift", .exists, .bool(false))),
        .custom("signed", .when("by", .notEqual, .string("x"))),
    ]

    private static let events: [CustomerEvent] = [
        .message("好"), .message("好的"), .message("不好"), .message("地址和发票"), .message("发票"), .message("！"),
        .message("退款\u{2028}"), .payment(), .payment(#"{"sum":10,"vip":true}"#).recorded,
        .payment(#"{"sum":9,"vip":true}"#).recorded, .payment(#"{"sum":null}"#).recorded, .order(),
        .order(#"{"id":"B","gift":0}"#).recorded, .custom("signed"), .custom("signed", #"{"by":"x"}"#).recorded,
        .custom("a b\n%:c"), .custom("a b"), .message("好", from: "c2"),
    ]

    @Test func `Whichever comes first, all of Redis ends up the same`() async throws {
        var fired = 0
        for trigger in Self.triggers {
            for event in Self.events { fired += try await compare([trigger.lookingBack()], event) ? 1 : 0 }
        }
        #expect(fired > 20)
    }

    @Test func `So it does with several triggers`() async throws {
        var random = SeededRandom(UInt64.random(in: .min ... .max))
        var fired = 0
        for _ in 0..<100 {
            let triggers = (0..<Int.random(in: 2...8, using: &random)).map { _ in
                (Self.triggers.randomElement(using: &random) ?? .reply()).lookingBack()
            }
            let event = Self.events.randomElement(using: &random) ?? .message()
            fired += try await compare(triggers, event) ? 1 : 0
        }
        #expect(fired > 10)
    }

    /// Whether the event fired the task.
    private func compare(_ triggers: [Trigger], _ event: CustomerEvent) async throws -> Bool {
        let task = NewTask.example("T1", triggers[0], or: Array(triggers.dropFirst()))
        let eventFirst = try await TestStore(policy: .eventsKept)
        #expect(try await eventFirst.store.match(event, capacity: 0).outcome.matched == [])
        try await eventFirst.accepted(task)
        let taskFirst = try await TestStore(policy: .eventsKept)
        try await taskFirst.accepted(task)
        let matched = try await taskFirst.store.match(event, capacity: 0).outcome.matched
        let images = [try await eventFirst.image(), try await taskFirst.image()]
        let changes = KeySpaceText(images[0]).changes(since: KeySpaceText(images[1]))
        #expect(changes == "", "\(triggers.map(\.shown)) \(event)")
        for image in images { #expect(KeySpaceInvariants(image).violations == []) }
        try await eventFirst.remove()
        try await taskFirst.remove()
        return matched == ["T1"]
    }
}
