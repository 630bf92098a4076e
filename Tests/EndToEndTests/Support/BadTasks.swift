import TestSupport

/// Tasks that break one rule of the contract each.
enum BadTasks {
    static var all: [BadRequest] { fields + ids + triggers + conditions + actions }

    private static func text(_ count: Int, _ unit: String = "好") -> JSON {
        .string(String(repeating: unit, count: count))
    }

    private static let marks = String(repeating: "\u{301}", count: 31)

    private static var fields: [BadRequest] {
        let numbers: [(String, [JSON])] = [
            ("timeout_hours", [0, -1, 8761, "24", true, [], 1e300]),
            ("max_retry", [11, -1, 1.5, "3", false]),
            ("priority", ["URGENT", "", 1, "low"]),
            ("type", [nil, "", 7, text(65, "x")]),
            ("created_by", [7, text(129), .string(marks)]),
            ("customer", [nil, "c1", [], 7]), ("trigger", [nil, [], "customer_reply"]), ("action", [nil, [], "send"]),
            ("triggers", [[], [["type": "customer_reply"]]]),
        ]
        return numbers.flatMap { field, values in values.map { BadRequest.task(field, [field: $0]) } } + [
            .task("customer.id", ["customer": [:]]), .task("customer.id", ["customer": ["id": 7]]),
            .task("customer.id", ["customer": ["id": "a b"]]),
            .task("customer.name", ["customer": ["id": "c", "name": text(129)]]),
        ]
    }

    private static var ids: [BadRequest] {
        let ids: [JSON] = [
            nil, 7, "", " ", "a b", "a\nb", "a\tb", "a\u{2028}b", "a\u{202E}b", "a\u{200B}b", "a\u{FEFF}", "\u{3000}",
            "e\u{301}", text(129, "x"), text(43), ["a"],
        ]
        return ids.map { BadRequest.task("task_id", ["task_id": $0]) }
    }

    private static var triggers: [BadRequest] {
        let reply = { (name: String, value: JSON) -> JSON in ["type": "customer_reply", .init(name): value] }
        return [
            .trigger("type", [:]), .trigger("type", ["type": "Customer_Reply"]), .trigger("type", ["type": 7]),
            .trigger("keyword", ["type": "customer_keyword"]),
            .trigger("keyword", ["type": "customer_keyword", "keywords": []]),
            .trigger("keyword", reply("keyword", "")), .trigger("keyword", reply("keyword", 7)),
            .trigger("keyword", reply("keyword", "　\u{200B}")), .trigger("keyword", reply("keyword", text(257))),
            .trigger("keyword", reply("keyword", text(256, "\u{FDFA}"))),
            .trigger("keyword", reply("keyword", .string("好" + marks))),
            .trigger("keyword", ["type": "customer_reply", "keyword": "　。", "match": "exact"]),
            .trigger("keywords", reply("keywords", "好的")),
            .trigger("keywords", reply("keywords", .array((0..<33).map { "\($0)" }))),
            .trigger("keywords[2]", reply("keywords", ["a", "b", ""])),
            .trigger("keywords[1]", reply("keywords", ["a", 7])),
            .trigger("match", ["type": "customer_reply", "keyword": "a", "match": "regex"]),
            .trigger("exclude[1]", reply("exclude", ["a", " "])),
            .trigger("exclude", reply("exclude", .array((0..<33).map { "\($0)" }))),
            .trigger("lookback_seconds", reply("lookback_seconds", "60")),
            .trigger("lookback_seconds", reply("lookback_seconds", 61)),
            .trigger("event", ["type": "custom_event"]), .trigger("event", ["type": "custom_event", "event": ""]),
            .trigger("event", ["type": "custom_event", "event": text(65, "x")]),
        ] + times.map { .trigger("time", ["type": "time_reach", "time": $0]) }
    }

    private static let times: [JSON] = [
        nil, "", 1_772_154_000, "2026-02-30 09:00:00", "2026-13-01 09:00:00", "2026-02-27 25:00:00",
        "10000-01-01 00:00:00",
        "2026-02-27", "9e99", "2026-02-27 09:00", "2026-02-27T09:00:00", "2026-02-27T09:00:00+99:00", "明天九点",
    ]

    private static var conditions: [BadRequest] {
        let rows: [(field: String, conditions: JSON)] = [
            ("", []), ("", .object(.init(uniqueKeysWithValues: (0..<17).map { ("k\($0)", 1) }))), (".x", ["x": []]),
            (".x", ["x": [:]]), (".x.$gt", ["x": ["$gt": ""]]), (".x.gte", ["x": ["gte": "100"]]),
            (".x.exists", ["x": ["exists": 1]]), (".x.in", ["x": ["in": []]]), (".x.in[1]", ["x": ["in": [1, [2]]]]),
            (".x.eq", ["x": ["eq": text(257, "x")]]),
        ]
        return rows.map { .trigger("where\($0.field)", ["type": "customer_order", "where": $0.conditions]) }
    }

    private static var actions: [BadRequest] {
        let addresses = [
            "", "file:///etc/passwd", "gopher://h/", "//h", "/x", "javascript:alert(1)", "http://u:p@h/", "http://u@h/",
            "http://", "http://h:99999", "http://h:0/", "http://h/a b", "http://h/\r\nX: y", "http://[::1",
            "https://?x",
            "http://h/" + String(repeating: "x", count: 2040),
        ]
        return [
            .action("type", [:]), .action("type", ["type": "send"]), .action("message", ["type": "send_message"]),
            .action("message", ["type": "send_message", "message": ""]),
            .action("message", ["type": "send_message", "message": text(4001)]),
            .action("message", ["type": "send_message", "message": text(100_000, "\u{301}")]),
            .action("file_url", ["type": "send_file", "message": "a"]), .action("url", ["type": "send_link"]),
            .action("message", ["type": "send_file", "file_url": "http://h/", "message": text(4001)]),
        ]
            + addresses.flatMap { address in
                [
                    .action("file_url", ["type": "send_file", "file_url": .string(address)]),
                    .action("url", ["type": "send_link", "url": .string(address)]),
                ] as [BadRequest]
            }
    }
}

/// Events that break one rule of the contract each.
enum BadEvents {
    static var all: [BadRequest] {
        let text = { (count: Int, unit: String) in JSON.string(String(repeating: unit, count: count)) }
        var deep: JSON = 1
        for _ in 0..<40 { deep = ["x": deep] }
        return [
            .event("type", [:]), .event("type", ["type": "nonsense", "customer": ["id": "c"]]),
            .event("customer", ["type": "customer_payment"]),
            .event("customer.id", ["type": "customer_payment", "customer": [:]]),
            .event("customer.id", ["type": "customer_payment", "customer": ["id": "a\u{200B}"]]),
            .event("text", Tasks.event("customer_message")), .event("text", Tasks.event("customer_reply")),
            .event("text", Tasks.event("customer_message", ["text": 7])),
            .event("text", Tasks.said(String(repeating: "x", count: 16 * 1024 + 1))),
            .event("text", Tasks.said(String(repeating: "\u{301}\u{323}", count: 4096))),
            .event("event", Tasks.event("custom_event")),
            .event("event", Tasks.event("custom_event", ["event": text(65, "x")])),
            .event("event_id", Tasks.said("a", ["event_id": text(129, "x")])),
            .event("event_id", Tasks.said("a", ["event_id": ""])), .event("event_id", Tasks.said("a", ["event_id": 7])),
            .event("data", Tasks.event("customer_order", ["data": []])),
            .event("data", Tasks.event("customer_order", ["data": ["x": text(16 * 1024, "x")]])),
            .event("conversation", Tasks.said("a", ["conversation": "g1"])),
            .event("conversation", Tasks.said("a", ["conversation": ["x": text(4096, "x")]])),
            BadRequest(
                "deep data", "/api/event", body: Array(Tasks.event("customer_order", ["data": deep]).text.utf8),
                type: "invalid_json"),
        ]
    }
}
