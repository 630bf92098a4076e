import KefuCore
import Testing

@testable import KefuAdapter

/// Frames of platforms, and what is taken of them.
@Suite struct EventMappingTests {
    /// What a dialect takes of a frame, as a line an event.
    private static func taken(_ frame: String, _ dialect: AdapterDialect) -> [String] {
        switch Array(frame.utf8).withUnsafeBytes(dialect.read) {
        case .ignored: return ["ignored"]
        case .reply(let bytes): return ["reply \(String(decoding: bytes, as: UTF8.self))"]
        case .answer(let answer): return ["answer \(answer.id)"]
        case .events(let frame):
            return frame.events.map { item in
                switch item.result {
                case .success(let event): return "\(event.customerID) \(event.recordJSON)"
                case .failure(let error): return "\(error.kind.rawValue) \(error.field ?? "-")"
                }
            }
        }
    }

    private static func taken(_ frame: String, by adapter: String) throws -> [String] {
        taken(frame, try Given.dialect(try Given.adapter(adapter)))
    }

    @Test func `A frame with several events is taken in order, and what is not ours is left out`() throws {
        let frame = #"""
            {"corp_id": "ww1", "msg_list": [
              {"msgtype": "text", "external_userid": "wm1", "open_kfid": "kf1", "msgid": "m1", "text": {"content": "好的"}},
              {"msgtype": "image", "external_userid": "wm1"},
              {"msgtype": "paid", "external_userid": "wm2", "msgid": "m2", "order": {"id": "A1", "fee": 19.90}},
              {"msgtype": "enter_session", "external_userid": "wm3", "event": {"scene": "s"}},
              {"msgtype": "text", "external_userid": "wm4"}, {"external_userid": "wm5"}, {"msgtype": 7}, 8]}
            """#
        let dialect = try Given.dialect(try Given.example("wecom-style"))
        #expect(
            Self.taken(frame, dialect) == [
                #"wm1 {"type":"customer_message","text":"好的","data":{},"event_id":"m1","conversation":{"open_kfid":"kf1","corp":"ww1"}}"#,
                #"wm2 {"type":"customer_payment","data":{"order_id":"A1","amount":19.90},"event_id":"m2","conversation":{"corp":"ww1"}}"#,
                #"wm3 {"type":"custom_event","event":"enter_session","data":{"scene":"s"},"conversation":{"corp":"ww1"}}"#,
                "validation [4].text", "validation [5].type", "validation [6].type", "validation [7].type",
            ])
    }

    @Test func `Heartbeats are answered from the frame, other frames are ignored, a frame of nothing is acknowledged`()
        throws
    {
        let dialect = try Given.dialect(try Given.example("wecom-style"))
        #expect(
            Self.taken(#"{"msgtype": "ping", "seq": 12345678901234567890}"#, dialect) == [
                #"reply {"msgtype":"pong","seq":12345678901234567890}"#
            ])
        #expect(Self.taken(#"{"msgtype": "ping"}"#, dialect) == [#"reply {"msgtype":"pong","seq":null}"#])
        #expect(Self.taken(#"{"hello": 1}"#, dialect) == ["ignored"])
        #expect(Self.taken(#"{"msg_list": []}"#, dialect) == [#"reply {"errcode":0,"errmsg":"ok","taken":0}"#])
        #expect(Self.taken(#"{"msg_list": {}}"#, dialect) == ["validation /msg_list"])
        #expect(Self.taken(#"{"msg_list": [1}"#, dialect) == ["invalid_json -"])
    }

    @Test func `Numbers become texts where the file says so, and are refused elsewhere`() throws {
        let dialect = try Given.dialect(try Given.example("token"))
        let frame =
            #"{"kind": "chat", "user": {"id": 12345678901234567890}, "content": "ok", "seq": 7, "payload": {"金额": 1.50}}"#
        #expect(
            Self.taken(frame, dialect) == [
                #"12345678901234567890 {"type":"customer_message","text":"ok","data":{"金额":1.50},"event_id":"7"}"#
            ])
        #expect(Self.taken(#"{"kind": "chat", "user_id": "u", "content": 5}"#, dialect) == ["validation text"])
        #expect(
            Self.taken(#"{"kind": "chat", "user": null, "user_id": "u"}"#, dialect) == [
                #"u {"type":"customer_message","text":""}"#
            ])
        #expect(Self.taken(#"{"kind": "typing"}"#, dialect).first?.hasPrefix("reply success") == true)
        #expect(Self.taken(#"{"cmd": "sent", "req": "k1-1"}"#, dialect) == ["answer k1-1"])
    }

    @Test func `Constants and defaults fill in, and what is known by no name is refused`() throws {
        let file = #"""
            {"in": {"type": {"pointer": "/k", "default": "text"}, "types": {"text": "customer_message", "用户付款": "customer_payment"},
                    "customer": {"const": "c1"}, "text": {"pointer": ["/a", "/b/0"], "default": "d"},
                    "data": {"const": {"from": "shop"}}}}
            """#
        #expect(
            try Self.taken(#"{"b": ["x"]}"#, by: file) == [
                #"c1 {"type":"customer_message","text":"x","data":{"from":"shop"}}"#
            ])
        #expect(
            try Self.taken("{}", by: file) == [#"c1 {"type":"customer_message","text":"d","data":{"from":"shop"}}"#])
        #expect(
            try Self.taken(#"{"k": "用户付款", "a": 1}"#, by: file) == [
                #"c1 {"type":"customer_payment","data":{"from":"shop"}}"#
            ])
        #expect(try Self.taken(#"{"k": "other"}"#, by: file) == ["validation type"])
    }

    @Test func `The contract's limits hold for what an adapter takes`() throws {
        let file =
            #"{"in": {"type": {"const": "customer_message"}, "customer": "/c", "text": "/t", "conversation": "/v", "data": "/d"}}"#
        let long = String(repeating: "x", count: InputLimits.textBytes + 1)
        #expect(try Self.taken(#"{"c": "a b", "t": ""}"#, by: file) == ["validation customer.id"])
        #expect(try Self.taken(#"{"c": "c", "t": "\#(long)"}"#, by: file) == ["validation text"])
        #expect(try Self.taken(#"{"c": "c", "t": "", "v": []}"#, by: file) == ["validation conversation"])
        #expect(try Self.taken(#"{"c": "c", "t": "", "d": {"x": "\#(long)"}}"#, by: file) == ["validation data"])
        let marks = "a" + String(repeating: "\u{301}", count: 31)
        #expect(try Self.taken(#"{"c": "c", "t": "\#(marks)"}"#, by: file) == ["validation text"])
        #expect(
            try Self.taken(#"{"c": "c", "t": "ok", "other": "\#(marks)"}"#, by: file) == [
                #"c {"type":"customer_message","text":"ok"}"#
            ])
    }

    @Test func `What every element copies from the frame does not multiply without bound`() throws {
        let file = #"""
            {"in": {"events": "/e", "type": {"const": "customer_message"}, "customer": {"const": "c"}, "text": {"frame": "/t"}}}
            """#
        let frame = { (elements: Int, text: Int) in
            let list = Array(repeating: "0", count: elements).joined(separator: ",")
            return #"{"e": [\#(list)], "t": "\#(String(repeating: "x", count: text))"}"#
        }
        #expect(try Self.taken(frame(60, 16_000), by: file).count == 60)
        #expect(try Self.taken(frame(100, 16_000), by: file) == ["validation /e"])
        #expect(try Self.taken(frame(1000, 200_000), by: file) == ["validation /e"])
        #expect(try Self.taken(frame(1001, 1), by: file) == ["validation /e"])
    }

    @Test func `What a platform is told has the frame's own numbers and says what was wrong`() throws {
        let dialect = try Given.dialect(try Given.example("wecom-style"))
        let frame =
            #"{"msg_list": [{"msgtype": "text", "external_userid": "a", "text": {"content": "1"}}, {"msgtype": "text"}]}"#
        guard case .events(let events) = Array(frame.utf8).withUnsafeBytes(dialect.read) else {
            Issue.record("no events")
            return
        }
        let match = EventOutcome.taken(MatchOutcome(matched: ["T1"], duplicate: false))
        let refused = EventOutcome.refused(InputError(.validation, field: "[1].customer.id", detail: #"is "required""#))
        let text = dialect.bodyAnswer(to: events, outcomes: [match, refused]).map {
            String(decoding: $0.body, as: UTF8.self)
        }
        #expect(text == #"{"errcode":40058,"errmsg":"[1].customer.id: is \"required\""}"#)
        let taken = dialect.acknowledgements(of: events, outcomes: [match, match])
        #expect(taken.map { String(decoding: $0, as: UTF8.self) } == [#"{"errcode":0,"errmsg":"ok","taken":2}"#])
        // What Redis has not taken is never acknowledged.
        let late = EventOutcome.notTaken(code: 503, type: "unavailable", detail: "")
        #expect(dialect.acknowledgements(of: events, outcomes: [match, late]).isEmpty)
    }
}
