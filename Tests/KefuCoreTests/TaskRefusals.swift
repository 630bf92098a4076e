/// Broken rules in the order of the contract's table.
enum TaskRefusals {
    private static func long(_ text: String, _ count: Int) -> String { quoted(String(repeating: text, count: count)) }
    private static let bomb = quoted("e" + String(repeating: "\u{301}\u{323}", count: 16))

    static let general = [
        Refusal("task_id", nil, "task_id", "required"), Refusal("task_id", "null", "task_id", "required"),
        Refusal("type", nil, "type", "required"), Refusal("type", "7", "type", "a text"),
        Refusal("type", "\"\"", "type", "1–64 bytes"), Refusal("type", long("x", 65), "type", "1–64 bytes"),
        Refusal("type", long("好", 22), "type", "1–64 bytes"),
        Refusal("customer", nil, "customer", "required"), Refusal("customer", "\"c\"", "customer", "an object"),
        Refusal("customer", "{}", "customer.id", "required"),
        Refusal("customer", "{\"id\":1}", "customer.id", "a text"),
        Refusal("customer", "{\"id\":\"a b\"}", "customer.id", "white space"),
        Refusal("customer", "{\"id\":\"c\",\"name\":1}", "customer.name", "a text"),
        Refusal("customer", "{\"id\":\"c\",\"name\":\(long("名", 129))}", "customer.name", "at most 128 characters"),
        Refusal("customer", "{\"id\":\"c\",\"name\":\(bomb)}", "customer.name", "30 combining marks"),
        Refusal("trigger", nil, "trigger", "required"), Refusal("trigger", "[]", "trigger", "an object"),
        Refusal("triggers", "[]", "triggers", "not be given together with trigger"),
        Refusal("triggers", "7", "triggers", "not be given together with trigger"),
        Refusal("priority", "\"URGENT\"", "priority", "one of: urgent, high, normal"),
        Refusal("priority", "\"\"", "priority", "one of"), Refusal("priority", "1", "priority", "a text"),
        Refusal("timeout_hours", "0", "timeout_hours", "greater than 0 and at most 8760"),
        Refusal("timeout_hours", "-1", "timeout_hours", "greater than 0"),
        Refusal("timeout_hours", "-0.0", "timeout_hours", "greater than 0"),
        Refusal("timeout_hours", "1e-400", "timeout_hours", "greater than 0"),
        Refusal("timeout_hours", "8761", "timeout_hours", "at most 8760"),
        Refusal("timeout_hours", "8760.0001", "timeout_hours", "at most 8760"),
        Refusal("timeout_hours", "1e300", "timeout_hours", "at most 8760"),
        Refusal("timeout_hours", "\"24\"", "timeout_hours", "a number"),
        Refusal("timeout_hours", "true", "timeout_hours", "a number"),
        Refusal("max_retry", "11", "max_retry", "whole number, 0–10"), Refusal("max_retry", "-1", "max_retry", "0–10"),
        Refusal("max_retry", "1.5", "max_retry", "whole number"), Refusal("max_retry", "1e300", "max_retry", "0–10"),
        Refusal("max_retry", "\"3\"", "max_retry", "a number"),
        Refusal("created_by", "1", "created_by", "a text"),
        Refusal("created_by", long("x", 129), "created_by", "at most 128 characters"),
        Refusal("unknown", "[{\"x\":\(bomb)}]", "unknown[0].x", "30 combining marks"),
    ]

    static let ids =
        [
            "", " ", "a b", "a\n", "\u{7F}", "\u{1}", "\u{85}", "a\u{A0}", "a\u{2028}", "a\u{202E}", "a\u{200B}",
            "a\u{FEFF}",
            "a\u{FE0F}", "a\u{AD}", "a\u{E0041}", "\u{3164}", "\u{3000}", "e\u{301}", "\u{212B}", "\u{F900}",
            "\u{2F800}",
            String(repeating: "x", count: 129), String(repeating: "任", count: 43),
        ].map { Refusal("task_id", quoted($0), "task_id", "must be 1–128 bytes, in NFC") } + [
            Refusal("task_id", "7", "task_id", "a text"), Refusal("task_id", "[\"a\"]", "task_id", "a text"),
        ]

    static let actions =
        [
            Refusal("action", nil, "action", "required"), Refusal("action", "\"send\"", "action", "an object"),
            Refusal("action", "{}", "action.type", "required"),
            Refusal("action", #"{"type":"send"}"#, "action.type", "one of: send_message, send_file, send_link"),
            Refusal("action", #"{"type":"send_message"}"#, "action.message", "required"),
            Refusal("action", #"{"type":"send_message","message":""}"#, "action.message", "1–4000 characters"),
            Refusal("action", #"{"type":"send_message","message":["a"]}"#, "action.message", "a text"),
            Refusal("action", #"{"type":"send_message","message":\#(long("好", 4001))}"#, "action.message", "1–4000"),
            Refusal("action", #"{"type":"send_message","message":\#(bomb)}"#, "action.message", "30 combining"),
            Refusal("action", #"{"type":"send_message","message":"a","file_url":1}"#, "action.file_url", "a text"),
            Refusal("action", #"{"type":"send_message","message":"a","url":{}}"#, "action.url", "a text"),
            Refusal("action", #"{"type":"send_file","message":"a"}"#, "action.file_url", "required"),
            Refusal("action", #"{"type":"send_file","message":1}"#, "action.message", "a text"),
            Refusal(
                "action", #"{"type":"send_file","file_url":"http://h","message":\#(long("x", 4001))}"#,
                "action.message", "at most 4000"),
            Refusal("action", #"{"type":"send_link","file_url":"http://h"}"#, "action.url", "required"),
            Refusal("action", #"{"type":"send_link","url":"h"}"#, "action.url", "begin with http"),
        ]
        + addresses.map { url, detail in
            Refusal("action", #"{"type":"send_file","file_url":\#(quoted(url))}"#, "action.file_url", detail)
        }

    static let addresses = [
        ("", "1–2048 bytes"), ("file:///etc/passwd", "begin with http"), ("gopher://h/", "begin with http"),
        ("//h", "begin with"),
        ("/x", "begin with"), ("http:/h", "begin with"), (" http://h", "begin with"),
        ("javascript:alert(1)", "begin with"),
        ("http://u:p@h/", "user-info"), ("http://u@h", "user-info"), ("http://@h", "user-info"),
        ("http://", "host is missing"),
        ("http:///x", "host is missing"), ("https://?x", "host is missing"), ("http://:80/", "host is missing"),
        ("http://h:99999", "port"), ("http://h:0/", "port"), ("http://h:/", "port"), ("http://h:8a/", "port"),
        ("http://h:-1/", "port"),
        ("http://h:80:80/", "port"), ("http://[::1", "host is not valid"), ("http://[]/", "host is not valid"),
        ("http://[x]/", "host is not valid"), ("http://[::1]x/", "port"), ("http://h%2f/", "host is not valid"),
        ("http://a,b/", "host"),
        ("http://h/a b", "white space"), ("http://h/\r\nX: y", "white space"), ("http://h/\u{7F}", "control"),
        ("http://h/\u{85}", "control"),
        ("http://h/\u{3000}", "white space"), ("http://h/\u{200B}", "white space"), ("http://h\\@e/", "user-info"),
        ("http://h/\\", "backslashes"),
        ("http://h/\"", "quotes"), ("http://h/<x>", "quotes"),
        ("http://h/" + String(repeating: "x", count: 2040), "1–2048 bytes"),
    ]

    static let conditions = [
        (#"[]"#, "", "an object"), (#"{"x":null}"#, ".x", "a text, a number"),
        (#"{"x":[1]}"#, ".x", "object of operators"),
        (#"{"x":{}}"#, ".x", "at least one operator"), (#"{"x":{"$gt":""}}"#, ".x.$gt", "one of: eq, ne, gt"),
        (#"{"x":{"EQ":1}}"#, ".x.EQ", "one of"), (#"{"amount":{"gte":"100"}}"#, ".amount.gte", "a number"),
        (#"{"amount":{"lt":true}}"#, ".amount.lt", "a number"), (#"{"x":{"eq":{}}}"#, ".x.eq", "a text, a number"),
        (#"{"x":{"ne":null}}"#, ".x.ne", "a text, a number"), (#"{"x":{"in":1}}"#, ".x.in", "an array"),
        (#"{"x":{"in":[]}}"#, ".x.in", "at least one value"),
        (#"{"x":{"in":[1,[2]]}}"#, ".x.in[1]", "a text, a number"),
        (#"{"x":{"exists":1}}"#, ".x.exists", "true or false"),
        (#"{"x":{"eq":\#(long("x", 257))}}"#, ".x.eq", "at most 256"),
        ("{" + (0..<17).map { "\"k\($0)\":1" }.joined(separator: ",") + "}", "", "at most 16 conditions"),
        (#"{"x":{"in":[\#(Array(repeating: "1", count: 33).joined(separator: ","))]}}"#, ".x.in", "at most 32 values"),
        (#"{"x":\#(bomb)}"#, ".x", "30 combining marks"), (#"{\#(long("\u{301}", 31)):1}"#, "", "30 combining marks"),
    ].map { json, path, detail in
        Refusal("trigger", #"{"type":"customer_order","where":\#(json)}"#, "trigger.where\(path)", detail)
    }

    static let triggers = [
        ("{}", "type", "required"), (#"{"type":"Customer_Reply"}"#, "type", "one of: customer_reply, customer_keyword"),
        (#"{"type":1}"#, "type", "a text"), (#"{"type":"customer_keyword"}"#, "keyword", "required"),
        (#"{"type":"customer_keyword","keywords":[]}"#, "keyword", "required"),
        (#"{"type":"customer_reply","keyword":7}"#, "keyword", "a text"),
        (#"{"type":"customer_reply","keyword":""}"#, "keyword", "1–256 characters"),
        (#"{"type":"customer_reply","keyword":"　\u200b"}"#, "keyword", "more than spaces"),
        (#"{"type":"customer_reply","keyword":"　。","match":"exact"}"#, "keyword", "more than spaces, punctuation"),
        (#"{"type":"customer_reply","keyword":\#(long("好", 257))}"#, "keyword", "1–256 characters"),
        (#"{"type":"customer_reply","keyword":\#(long("\u{FDFA}", 256))}"#, "keyword", "at most 1024 bytes"),
        (#"{"type":"customer_reply","keywords":"a"}"#, "keywords", "an array"),
        (#"{"type":"customer_reply","keywords":["a","b",""]}"#, "keywords[2]", "1–256 characters"),
        (#"{"type":"customer_reply","keywords":["a",null]}"#, "keywords[1]", "a text"),
        (#"{"type":"customer_reply","keywords":[\#(texts(33))]}"#, "keywords", "at most 32"),
        (#"{"type":"customer_reply","keyword":"x","keywords":[\#(texts(32))]}"#, "keywords", "at most 32"),
        (#"{"type":"customer_reply","keyword":"a","match":"regex"}"#, "match", "one of: contains, exact, all"),
        (#"{"type":"customer_reply","exclude":"a"}"#, "exclude", "an array"),
        (#"{"type":"customer_reply","exclude":["a"," "]}"#, "exclude[1]", "more than spaces"),
        (#"{"type":"customer_reply","exclude":[\#(texts(33))]}"#, "exclude", "at most 32"),
        (#"{"type":"customer_reply","where":[]}"#, "where", "an object"),
        (#"{"type":"customer_reply","time":1}"#, "time", "a text"),
        (#"{"type":"customer_reply","event":1}"#, "event", "a text"),
        (#"{"type":"customer_payment","keyword":7}"#, "keyword", "a text"),
        (#"{"type":"customer_payment","keywords":{}}"#, "keywords", "an array"),
        (#"{"type":"customer_payment","match":1}"#, "match", "a text"),
        (#"{"type":"customer_payment","exclude":1}"#, "exclude", "an array"),
        (#"{"type":"time_reach"}"#, "time", "required"),
        (#"{"type":"time_reach","time":1772154000}"#, "time", "a text"),
        (#"{"type":"time_reach","time":"2026-02-30 09:00:00"}"#, "time", "read in Asia/Shanghai"),
        (#"{"type":"time_reach","time":"9e99"}"#, "time", "RFC 3339"),
        (#"{"type":"time_reach","time":"2026-02-27 09:00:00","where":1}"#, "where", "an object"),
        (#"{"type":"custom_event"}"#, "event", "required"),
        (#"{"type":"custom_event","event":""}"#, "event", "1–64 bytes"),
        (#"{"type":"custom_event","event":\#(long("x", 65))}"#, "event", "1–64 bytes"),
        (#"{"type":"customer_reply","lookback_seconds":60.001}"#, "lookback_seconds", "0–60, as long as events"),
        (#"{"type":"customer_reply","lookback_seconds":1e300}"#, "lookback_seconds", "KEFU_EVENT_LOG_SECONDS"),
        (#"{"type":"customer_payment","lookback_seconds":-1}"#, "lookback_seconds", "0–60"),
        (#"{"type":"customer_reply","lookback_seconds":"0"}"#, "lookback_seconds", "a number"),
        (#"{"type":"time_reach","time":"2026-02-27 09:00:00","lookback_seconds":"9"}"#, "lookback_seconds", "a number"),
    ].map { json, path, detail in Refusal("trigger", json, "trigger.\(path)", detail) }

    private static let reply = #"{"type":"customer_reply"}"#

    /// In the place of `trigger`.
    static let severalTriggers = [
        ("[]", "triggers", "1–8 triggers"),
        ("[\(Array(repeating: reply, count: 9).joined(separator: ","))]", "triggers", "1–8 triggers"),
        ("7", "triggers", "an array"), (reply, "triggers", "an array"),
        ("[\(reply),7]", "triggers[1]", "an object"), ("[\(reply),null]", "triggers[1]", "an object"),
        ("[{}]", "triggers[0].type", "required"),
        (#"[\#(reply),\#(reply),{"type":"customer_keyword","keywords":[""]}]"#, "triggers[2].keywords[0]", "1–256"),
        (#"[\#(reply),{"type":"customer_reply","keyword":\#(bomb)}]"#, "triggers[1].keyword", "30 combining marks"),
        (#"[{"type":"customer_order","where":{"x":{"in":[]}}}]"#, "triggers[0].where.x.in", "at least one value"),
        (#"[\#(reply),{"type":"time_reach"}]"#, "triggers[1].time", "required"),
        (#"[{"type":"customer_order","lookback_seconds":61}]"#, "triggers[0].lookback_seconds", "0–60"),
    ].map { json, path, detail in Refusal("triggers", json, path, detail) }

    private static func texts(_ count: Int) -> String { (0..<count).map { "\"k\($0)\"" }.joined(separator: ",") }
}
