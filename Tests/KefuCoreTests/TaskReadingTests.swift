import KefuCore
import Testing

@Suite struct TaskReadingTests {
    @Test("The documented task is read, defaults filled in")
    func documented() throws {
        let json = #"""
            {"task_id": "TASK_20260226_001", "type": "send_file_after_reply",
             "customer": {"name": "小明", "id": "customer_123"},
             "trigger": {"type": "customer_reply", "keyword": "好的"},
             "action": {"type": "send_file", "file_url": "https://xxx.com/file.zip", "message": "这是您要的文件"},
             "priority": "normal", "timeout_hours": 24, "created_by": "设计师 lz"}
            """#
        let task = try reading(json.utf8) { (body) throws(InputError) in try requests.task(body) }.get()
        var trigger = Trigger(kind: .customerReply)
        trigger.keyword = "好的"
        trigger.normalizedKeywords = ["好的"]
        let action = Action(kind: .sendFile, message: "这是您要的文件", fileURL: "https://xxx.com/file.zip")
        let expected = NewTask(
            id: "TASK_20260226_001", type: "send_file_after_reply", customer: Customer(id: "customer_123", name: "小明"),
            trigger: trigger, action: action, createdBy: "设计师 lz", contentDigest: task.contentDigest)
        #expect(task == expected)
        #expect(task.contentDigest.utf8.count == 32)
        #expect(task.contentDigest.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }

    @Test("Each trigger keeps what applies to it and ignores the rest")
    func triggers() throws {
        func trigger(_ json: String) throws -> Trigger {
            try ObjectText.task.with("trigger", json).readTask().get().trigger
        }
        let rest =
            #""keyword":"a","keywords":["b"],"match":"?","exclude":["c"],"where":{"x":1},"time":"never","event":"e""#

        var expected = Trigger(kind: .customerPayment)
        expected.conditions = [Condition(field: "x", operator: .equal, operands: [.number(1)])]
        expected.whereJSON = #"{"x":1}"#
        #expect(try trigger(#"{"type":"customer_payment",\#(rest)}"#) == expected)
        expected.kind = .customEvent
        expected.eventName = "e"
        #expect(try trigger(#"{"type":"custom_event",\#(rest)}"#) == expected)

        expected = Trigger(kind: .timeReach)
        expected.timeMs = 1_772_154_000_000
        #expect(try trigger(#"{"type":"time_reach","time":"2026-02-27 09:00:00","where":{"x":{"bad":1}}}"#) == expected)
        #expect(try trigger(#"{"type":"customer_reply"}"#) == Trigger(kind: .customerReply))
        #expect(try trigger(#"{"type":"customer_order","where":{}}"#) == Trigger(kind: .customerOrder))
    }

    @Test("Looking back is read in milliseconds, and not of a time")
    func lookback() throws {
        func lookback(_ trigger: String) throws -> Int64 {
            try ObjectText.task.with("trigger", trigger).readTask().get().trigger.lookbackMs
        }
        for (seconds, ms) in [("0", 0), ("-0.0", 0), ("60", 60_000), ("6e1", 60_000), ("0.5", 500), ("null", 0)] {
            #expect(try lookback(#"{"type":"customer_reply","lookback_seconds":\#(seconds)}"#) == ms, "\(seconds)")
        }
        let time = #"{"type":"time_reach","time":"2026-02-27 09:00:00","lookback_seconds":7200}"#
        #expect(try lookback(time) == 0)
        #expect(try !ObjectText.task.readTask().get().mayFireAtOnce)
        #expect(try ObjectText.task.with("trigger", time).readTask().get().mayFireAtOnce)
    }

    @Test("Several triggers are read like one, up to eight; one alone is the same task as without an array")
    func severalTriggers() throws {
        func task(_ triggers: String) throws -> NewTask {
            try ObjectText.task.with("trigger", nil).with("triggers", triggers).readTask().get()
        }
        let reply = #"{"type": "customer_reply", "keyword": "好的"}"#
        #expect(try task("[\(reply)]") == ObjectText.task.readTask().get())
        let two = try task(#"[\#(reply),{"type":"customer_payment","lookback_seconds":1}]"#)
        #expect(two.trigger.keyword == "好的" && two.otherTriggers.map(\.kind) == [.customerPayment])
        #expect(two.mayFireAtOnce)
        #expect(try task("[\(Array(repeating: reply, count: 8).joined(separator: ","))]").triggers.count == 8)
    }

    @Test("Keywords are kept as sent and normalized without repeats")
    func keywords() throws {
        let json =
            #"{"type":"customer_keyword","keyword":"ＯＫ","keywords":["ok","好的。"],"match":"exact","exclude":["不 好的。"]}"#
        let trigger = try ObjectText.task.with("trigger", json).readTask().get().trigger
        #expect(trigger.keyword == "ＯＫ")
        #expect(trigger.keywords == ["ok", "好的。"])
        #expect(trigger.normalizedKeywords == ["ok", "好的"])
        #expect(trigger.match == .exact)
        #expect(trigger.exclude == ["不 好的。"])
        #expect(trigger.normalizedExclude == ["不 好的。"])
    }

    @Test(
        "Conditions are read with their operators",
        arguments: [
            (#"{"a":"x"}"#, [Condition(field: "a", operator: .equal, operands: [.string("x")])]),
            (
                #"{"amount":{"gte":100,"lt":5e2},"vip":true}"#,
                [
                    Condition(field: "amount", operator: .greaterOrEqual, operands: [.number(100)]),
                    Condition(field: "amount", operator: .less, operands: [.number(500)]),
                    Condition(field: "vip", operator: .equal, operands: [.bool(true)]),
                ]
            ),
            (
                #"{"状态":{"in":["付",1,false]},"x":{"exists":false},"__proto__":{"ne":""}}"#,
                [
                    Condition(field: "状态", operator: .isIn, operands: [.string("付"), .number(1), .bool(false)]),
                    Condition(field: "x", operator: .exists, operands: [.bool(false)]),
                    Condition(field: "__proto__", operator: .notEqual, operands: [.string("")]),
                ]
            ),
        ])
    func conditions(_ json: String, _ conditions: [Condition]) throws {
        let trigger = try ObjectText.task.with("trigger", #"{"type":"customer_order","where":\#(json)}"#).readTask()
            .get().trigger
        #expect(trigger.conditions == conditions)
        #expect(trigger.whereJSON == json)
    }

    @Test("A number keeps its digits where JSON is handed on")
    func numbersAsSent() throws {
        let json = #"{"type":"customer_order","where":{ "id" : 9007199254740993 , "x":"\u597d" }}"#
        let trigger = try ObjectText.task.with("trigger", json).readTask().get().trigger
        #expect(trigger.whereJSON == #"{"id":9007199254740993,"x":"好"}"#)
    }

    @Test(
        "Timeouts are kept as milliseconds and as people write them",
        arguments: [
            ("24", 86_400_000, "24"), ("24.0", 86_400_000, "24"), ("2.4e1", 86_400_000, "24"),
            ("0.5", 1_800_000, "0.5"),
            ("0.1", 360_000, "0.1"), ("8760", 31_536_000_000, "8760"), ("1e-9", 1, "1e-09"), ("null", 86_400_000, "24"),
        ] as [(String, Int64, String)])
    func timeouts(_ json: String, _ ms: Int64, _ shown: String) throws {
        let task = try ObjectText.task.with("timeout_hours", json).readTask().get()
        #expect(task.timeoutMs == ms)
        #expect(task.timeoutHours == shown)
    }

    @Test(
        "A whole number of retries is taken however it is written",
        arguments: [
            ("0", 0), ("10", 10), ("3.0", 3), ("3e0", 3), ("-0", 0), ("null", 3),
        ])
    func retries(_ json: String, _ retries: Int) throws {
        #expect(try ObjectText.task.with("max_retry", json).readTask().get().maxRetry == retries)
    }

    @Test(
        "Ids are any visible text, kept literally",
        arguments: [
            "{x}", "a:b", "*", "../..", "%0d%0aSET", "';FLUSHALL()", "任务一", "é", "🙂",
            "한",
            String(repeating: "x", count: 128), "％ＯＫ",
        ])
    func ids(_ id: String) throws {
        #expect(try ObjectText.task.with("task_id", quoted(id)).readTask().get().id == id)
        #expect(Identifier.isValid(id))
    }

    @Test("Null is the same as absent, and unknown members are ignored")
    func nullAndUnknown() throws {
        let plain = try ObjectText.task.readTask().get()
        var full = ObjectText.task
        for key in ["priority", "timeout_hours", "max_retry", "created_by", "triggers", "later"] {
            full = full.with(key, "null")
        }
        full = full.with("customer", #"{"id":"customer_1","name":null,"vip":{"x":[1]}}"#)
            .with(
                "trigger",
                #"{"type":"customer_reply","keyword":"好的","keywords":null,"match":null,"where":null,"lookback_seconds":null}"#
            )
        #expect(try full.readTask().get() == plain)
        #expect(try ObjectText.task.with("unknown", #"[{"x":1}]"#).readTask().get() == plain)
    }

    @Test(
        "Addresses of the web are taken as they are",
        arguments: [
            "http://h", "https://h/", "HTTPS://Example.com:443/a?b=c@d#e", "http://127.0.0.1:5678/x",
            "http://[::1]:80/x", "https://xxx.com/文件.zip",
            "https://例子.中国/a%20b", "http://h?x", "http://h#@",
            "http://a_b.local/" + String(repeating: "x", count: 2031),
        ])
    func addresses(_ url: String) throws {
        let file = ObjectText.task.with("action", #"{"type":"send_file","file_url":\#(quoted(url)),"url":"ignored"}"#)
        #expect(try file.readTask().get().action == Action(kind: .sendFile, fileURL: url))
        let link = ObjectText.task.with("action", #"{"type":"send_link","url":\#(quoted(url)),"message":""}"#)
        #expect(try link.readTask().get().action == Action(kind: .sendLink, message: "", url: url))
    }

    @Test("The first broken rule of the table is told, whatever else is wrong")
    func order() {
        let broken = ObjectText(members: [
            ("priority", "1"), ("action", "7"), ("trigger", "{}"), ("type", "\"\""), ("task_id", "\"a\""),
        ])
        #expect(broken.readTask().error?.field == "type")
        #expect(broken.with("type", "\"t\"").readTask().error?.field == "customer")
        #expect(
            broken.with("type", "\"t\"").with("customer", "{\"id\":\"c\"}").readTask().error?.field == "trigger.type")
    }

    @Test("JSON that breaks is told before any rule")
    func jsonFirst() {
        let error = reading(#"{"task_id":7,"type":"a","type":"b"}"#.utf8) { (body) throws(InputError) in
            try requests.task(body)
        }.error
        #expect(error == InputError(.invalidJSON, detail: "duplicate key (at byte 24)"))
    }
}
