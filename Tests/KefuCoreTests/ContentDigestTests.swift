import KefuCore
import Testing

@Suite struct ContentDigestTests {
    private static let task = ObjectText.task.with("customer", #"{"id":"c","name":"小明"}"#)
        .with("trigger", #"{"type":"customer_order","where":{"a":1,"b":{"gte":100,"lt":200}}}"#)

    private func digest(_ json: String) throws -> String {
        try reading(json.utf8) { (body) throws(InputError) in try requests.task(body) }.get().contentDigest
    }

    @Test(
        "White space, order, escapes, defaults, unknown and ignored members make no difference",
        arguments: [
            task.with("priority", "\"normal\""), task.with("timeout_hours", "24.0"), task.with("max_retry", "3"),
            task.with("created_by", "null"), task.with("unknown", "1"), ObjectText(members: task.members.reversed()),
            task.with("type", #""send\u005ffile_after_reply""#), task.with("customer", #"{ "name":"小明" , "id":"c"}"#),
            task.with(
                "trigger",
                #"{"where":{"b":{"lt":2e2,"gte":100.0},"a":{"eq":1}},"keyword":"x","match":"all","type":"customer_order"}"#
            ),
            task.with("action", #"{"type":"send_message","message":"这是您要的文件","file_url":"x"}"#),
        ])
    func same(_ other: ObjectText) throws {
        #expect(try digest(other.text) == digest(Self.task.text))
    }

    @Test(
        "Every known member makes a difference",
        arguments: [
            task.with("task_id", "\"TASK_2\""), task.with("type", "\"t\""),
            task.with("customer", #"{"id":"c2","name":"小明"}"#),
            task.with("customer", #"{"id":"c"}"#), task.with("customer", #"{"id":"c小","name":"明"}"#),
            task.with("trigger", #"{"type":"customer_payment","where":{"a":1,"b":{"gte":100,"lt":200}}}"#),
            task.with("trigger", #"{"type":"customer_order","where":{"a":"1","b":{"gte":100,"lt":200}}}"#),
            task.with("trigger", #"{"type":"customer_order","where":{"a":1,"b":{"gte":100,"lte":200}}}"#),
            task.with("trigger", #"{"type":"customer_order","where":{"a":1}}"#),
            task.with("trigger", #"{"type":"customer_order"}"#),
            task.with("action", #"{"type":"send_message","message":"x"}"#),
            task.with("action", #"{"type":"send_file","file_url":"http://h"}"#),
            task.with("action", #"{"type":"send_link","url":"http://h"}"#), task.with("priority", "\"high\""),
            task.with("timeout_hours", "23"),
            task.with("max_retry", "2"), task.with("created_by", "\"a\""), task.with("created_by", "\"\""),
        ])
    func different(_ other: ObjectText) throws {
        #expect(try digest(other.text) != digest(Self.task.text))
    }

    @Test("Triggers that wait for different things differ")
    func triggers() throws {
        let triggers = [
            #"{"type":"customer_reply"}"#, #"{"type":"customer_reply","keyword":"a"}"#,
            #"{"type":"customer_reply","keywords":["a"]}"#,
            #"{"type":"customer_reply","keywords":["a","b"]}"#, #"{"type":"customer_reply","keywords":["ab"]}"#,
            #"{"type":"customer_reply","keyword":"a","match":"exact"}"#,
            #"{"type":"customer_reply","keyword":"a","exclude":["b"]}"#,
            #"{"type":"customer_keyword","keyword":"a"}"#, #"{"type":"time_reach","time":"2026-02-27 09:00:00"}"#,
            #"{"type":"time_reach","time":"2026-02-27T09:00:00.001+08:00"}"#, #"{"type":"custom_event","event":"a"}"#,
            #"{"type":"custom_event","event":"b"}"#, #"{"type":"customer_order","where":{"x":{"in":[1,2]}}}"#,
            #"{"type":"customer_order","where":{"x":{"in":[2,1]}}}"#,
            #"{"type":"customer_reply","lookback_seconds":1}"#, #"{"type":"customer_reply","lookback_seconds":2}"#,
        ]
        let digests = try triggers.map { try digest(ObjectText.task.with("trigger", $0).text) }
        #expect(Set(digests).count == triggers.count)
        let several = [
            [0, 1], [1, 0], [0, 0], [0, 1, 1], [1, 2], [2, 1], [0, 8], [0, 9], [0, 14], [14, 0], [0, 15],
        ].map { choice in "[\(choice.map { triggers[$0] }.joined(separator: ","))]" }
        let others = try several.map { try digest(ObjectText.task.with("trigger", nil).with("triggers", $0).text) }
        #expect(Set(digests + others).count == triggers.count + several.count)
        let local = ObjectText.task.with("trigger", #"{"type":"time_reach","time":"2026-02-27T01:00:00Z"}"#)
        #expect(try digest(local.text) == digests[8])
    }

    @Test("The digest of a task never changes, or tasks sent again would count as others")
    func stable() throws {
        #expect(try digest(ObjectText.task.text) == "510936b5a215e8f605ae15b72a4e48f4")
    }
}
