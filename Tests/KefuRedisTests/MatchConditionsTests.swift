import KefuCore
import TestSupport
import Testing

// What `match.lua` compares: tables of triggers and events, each pair on a customer of its own.

@Suite struct MatchConditionsTests {
    struct Row: Sendable {
        var trigger: Trigger
        var event: CustomerEvent
        var fires: Bool

        init(_ trigger: Trigger, _ event: CustomerEvent, _ fires: Bool) {
            self.trigger = trigger
            self.event = event
            self.fires = fires
        }
    }

    private func check(_ rows: [Row]) async throws {
        let test = try await TestStore()
        for (index, row) in rows.enumerated() {
            let customer = "c\(index)"
            try await test.accepted(.example("T\(index)", of: customer, row.trigger))
            var event = row.event
            event.customerID = customer
            let matched = try await test.store.match(event, capacity: 0).outcome.matched
            #expect(matched == (row.fires ? ["T\(index)"] : []), "row \(index): \(row)")
        }
        #expect(KeySpaceInvariants(try await test.image()).violations == [])
    }

    private func exactly(_ text: String, _ exact: String) -> CustomerEvent {
        var event = CustomerEvent.message(text)
        event.exactText = exact
        return event
    }

    @Test func `Keywords match by mode, and an exclude wins over everything`() async throws {
        try await check([
            Row(.reply(), .message("随便"), true),
            Row(.reply(), .message(""), true),
            Row(.reply(exclude: ["不"]), .message("好的"), true),
            Row(.reply(exclude: ["不"]), .message("不好"), false),
            Row(.reply("好的"), .message("好的呀"), true),
            Row(.reply("好的"), .message("行,好的"), true),
            Row(.reply("好的"), .message("好"), false),
            Row(.reply("收到", "好的"), .message("好的"), true),
            Row(.reply("收到", "好的"), .message("嗯"), false),
            Row(.reply("好的", exclude: ["不好的", "算了"]), .message("不好的"), false),
            Row(.reply("好的", exclude: ["不好的", "算了"]), .message("好的,算了"), false),
            Row(.reply("好的", exclude: ["不好的", "算了"]), .message("好的"), true),
            Row(.reply("好的", match: .exact), exactly("好的!", "好的"), true),
            Row(.reply("好的", match: .exact), .message("好的呀"), false),
            Row(.reply("收到", "好的", match: .exact), .message("收到"), true),
            Row(.reply("好的", match: .exact, exclude: ["!"]), exactly("好的!", "好的"), false),
            Row(.reply("发货", "今天", match: .all), .message("今天能发货吗"), true),
            Row(.reply("发货", "今天", match: .all), .message("能发货吗"), false),
            Row(.reply("发货", "今天", match: .all, exclude: ["别"]), .message("今天别发货"), false),
            Row(.keyword("退款"), .message("我要退款"), true),
            Row(.keyword("退款"), .message("我要退"), false),
            Row(.reply("a b"), .message("x a b y"), true),
            Row(.reply("+x"), .message("+x"), true),
            Row(.reply("-x"), .message("x"), false),
            Row(.reply("好", exclude: ["+"]), .message("好"), true),
        ])
    }

    @Test func `Among many that wait each is tested, whatever stands before it`() async throws {
        let words = [["a"], ["b"], ["ab"], ["c", "x"], ["x", "a"], ["contains"]]
        var triggers: [Trigger] = [.reply(), .reply(exclude: ["b"])]
        for mode in [MatchMode.contains, .exact, .all] {
            for exclude in [[], ["b"], ["x", "c"]] {
                triggers += words.map { keywords in
                    var trigger = Trigger.reply(match: mode, exclude: exclude)
                    (trigger.keywords, trigger.normalizedKeywords) = (keywords, keywords)
                    return trigger
                }
            }
        }
        let test = try await TestStore()
        for text in ["a", "b", "ab", "c", "xa", "cx", "contains", "好"] {
            var expected: [String] = []
            for (index, trigger) in triggers.enumerated() {
                let id = "\(text)-\(index)"
                if isMet(trigger, by: text) { expected.append(id) }
                // Beside all others, and behind one that is not met.
                try await test.accepted(
                    .example(id, of: text, trigger), .example(id + "-no", of: id, .reply("没有")),
                    .example(id + "-alone", of: id, trigger))
                let alone = try await test.store.match(.message(text, from: id), capacity: 0).outcome.matched
                #expect(alone == (expected.last == id ? [id + "-alone"] : []), "\(trigger) by \(text)")
            }
            let matched = try await test.store.match(.message(text, from: text), capacity: 0).outcome.matched
            #expect(matched == expected && !expected.isEmpty && expected.count < triggers.count, "\(text)")
        }
    }

    private func isMet(_ trigger: Trigger, by text: String) -> Bool {
        guard !trigger.exclude.contains(where: text.contains) else { return false }
        return switch trigger.match {
        case _ where trigger.keywords.isEmpty: true
        case .contains: trigger.keywords.contains(where: text.contains)
        case .exact: trigger.keywords.contains(text)
        case .all: trigger.keywords.allSatisfy(text.contains)
        }
    }

    @Test func `Lua's pattern characters are plain text`() async throws {
        let words = ["%d+", ".*", "[", "(a+)+$", "-", "^a", "%", "a?", "]", "%b()", "{0}", "$"]
        try await check(words.map { Row(.reply($0), .message("x\($0)y"), true) })
        try await check(words.map { Row(.reply($0), .message("1a0"), false) })
        try await check(words.map { Row(.reply(exclude: [$0]), .message("1a0"), true) })
    }

    @Test func `Equality tells text, numbers and booleans apart`() async throws {
        let data = #"{"s":"A1","n":100,"t":true,"f":false,"z":null,"o":{"x":1},"l":[1],"e":""}"#
        func row(_ condition: Condition, _ fires: Bool) -> Row { Row(.payment(condition), .payment(data), fires) }
        try await check([
            row(.when("s", .equal, .string("A1")), true),
            row(.when("s", .equal, .string("A2")), false),
            row(.when("e", .equal, .string("")), true),
            row(.when("n", .equal, .number(100)), true),
            row(.when("n", .equal, .number(100.5)), false),
            row(.when("n", .equal, .string("100")), false),
            row(.when("s", .equal, .number(1)), false),
            row(.when("t", .equal, .bool(true)), true),
            row(.when("t", .equal, .bool(false)), false),
            row(.when("f", .equal, .bool(false)), true),
            row(.when("f", .equal, .number(0)), false),
            row(.when("t", .equal, .string("1")), false),
            row(.when("o", .equal, .string("")), false),
            row(.when("z", .equal, .string("")), false),
            row(.when("missing", .equal, .string("A1")), false),
            row(.when("s", .notEqual, .string("A2")), true),
            row(.when("s", .notEqual, .string("A1")), false),
            row(.when("n", .notEqual, .string("100")), true),
            row(.when("o", .notEqual, .number(1)), true),
            row(.when("z", .notEqual, .number(1)), true),
            row(.when("missing", .notEqual, .bool(true)), true),
        ])
    }

    @Test func `Ordering is for numbers only, compared as doubles`() async throws {
        let data = #"{"n":100,"d":0.1,"big":9007199254740993,"s":"200","t":true}"#
        func row(_ condition: Condition, _ fires: Bool) -> Row { Row(.order(condition), .order(data), fires) }
        try await check([
            row(.when("n", .greater, .number(99.9)), true),
            row(.when("n", .greater, .number(100)), false),
            row(.when("n", .greaterOrEqual, .number(100)), true),
            row(.when("n", .greaterOrEqual, .number(100.1)), false),
            row(.when("n", .less, .number(100.1)), true),
            row(.when("n", .less, .number(100)), false),
            row(.when("n", .lessOrEqual, .number(100)), true),
            row(.when("n", .lessOrEqual, .number(99)), false),
            row(.when("d", .equal, .number(0.1)), true),
            row(.when("big", .equal, .number(9_007_199_254_740_992)), true),
            row(.when("n", .less, .number(1e300)), true),
            row(.when("n", .greater, .number(-1e-300)), true),
            row(.when("s", .greater, .number(1)), false),
            row(.when("t", .greaterOrEqual, .number(0)), false),
            row(.when("n", .greater, .string("1")), false),
            row(.when("missing", .less, .number(1)), false),
        ])
    }

    @Test func `A condition can ask for one of several values, and for presence`() async throws {
        let data = #"{"s":"A1","n":2,"z":null}"#
        func row(_ condition: Condition, _ fires: Bool) -> Row {
            Row(.custom("signed", condition), .custom("signed", data), fires)
        }
        try await check([
            row(.when("s", .isIn, .string("A0"), .string("A1")), true),
            row(.when("s", .isIn, .string("A0"), .number(1)), false),
            row(.when("n", .isIn, .string("2"), .number(2)), true),
            row(.when("missing", .isIn, .string("A0")), false),
            row(.when("s", .exists, .bool(true)), true),
            row(.when("s", .exists, .bool(false)), false),
            row(.when("missing", .exists, .bool(true)), false),
            row(.when("missing", .exists, .bool(false)), true),
            row(.when("z", .exists, .bool(true)), false),
            row(.when("z", .exists, .bool(false)), true),
        ])
    }

    @Test func `All conditions must hold, and without data every field is missing`() async throws {
        let (paid, large) = (Condition.when("id", .equal, .string("A1")), Condition.when("sum", .greater, .number(9)))
        try await check([
            Row(.payment(paid, large), .payment(#"{"id":"A1","sum":10}"#), true),
            Row(.payment(paid, large), .payment(#"{"id":"A1","sum":9}"#), false),
            Row(.payment(paid, large), .payment(#"{"id":"A2","sum":10}"#), false),
            Row(.payment(paid), .payment(nil), false),
            Row(.payment(.when("id", .exists, .bool(false))), .payment(nil), true),
            Row(.payment(), .payment(nil), true),
            Row(.payment(), .payment(#"{"id":"A1"}"#), true),
            Row(
                .payment(.when("键\"[", .equal, .string("值\\\"]"))), .payment(#"{"键\"[":"值\\\"]"}"#), true),
        ])
    }
}
