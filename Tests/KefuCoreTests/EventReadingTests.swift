import KefuCore
import Testing

@Suite struct EventReadingTests {
    @Test("A message is read with its text normalized and its record as it came")
    func message() throws {
        let event = try ObjectText.event.with("text", #""「ＯＫ」\n好的！""#).with("event_id", "\"E1\"")
            .with("data", #"{ "id" : 9007199254740993, "名" : [1.0, null] }"#).with("conversation", #"{"group": "g 1"}"#)
            .with("event", "\"ignored\"").readEvent().get()
        let record = #"""
            {"type":"customer_message","text":"「ＯＫ」\n好的！","data":{"id":9007199254740993,"名":[1.0,null]},
            """# + #""event_id":"E1","conversation":{"group":"g 1"}}"#
        let expected = CustomerEvent(
            kind: .message, customerID: "customer_1", normalizedText: "「ok」 好的!", exactText: "ok」 好的",
            dataJSON: #"{"id":9007199254740993,"名":[1.0,null]}"#, eventID: "E1", recordJSON: record)
        #expect(event == expected)
    }

    @Test(
        "The old system's names of a message mean a message and stay in the record",
        arguments: ["customer_reply", "customer_keyword"])
    func aliases(_ word: String) throws {
        let event = try ObjectText.event.with("type", quoted(word)).readEvent().get()
        #expect(event.kind == .message)
        #expect(event.recordJSON == #"{"type":"\#(word)","text":"好的"}"#)
    }

    @Test("Other events need no text and keep none")
    func others() throws {
        let payment = try ObjectText.event.with("type", "\"customer_payment\"").readEvent().get()
        #expect(
            payment
                == CustomerEvent(kind: .payment, customerID: "customer_1", recordJSON: #"{"type":"customer_payment"}"#))
        let order = try ObjectText.event.with("type", "\"customer_order\"").with("text", nil).with("data", "{}")
            .readEvent().get()
        #expect(order.kind == .order && order.dataJSON == "{}")
        let custom = try ObjectText.event.with("type", "\"custom_event\"").with("event", "\"签到\"").with("text", "null")
            .readEvent().get()
        #expect(custom.eventName == "签到")
        #expect(custom.recordJSON == #"{"type":"custom_event","event":"签到"}"#)
    }

    @Test("Texts and data up to their limits are taken")
    func limits() throws {
        #expect(try ObjectText.event.with("text", "\"\"").readEvent().get().normalizedText == "")
        let text = String(repeating: "x", count: 16 * 1024)
        #expect(try ObjectText.event.with("text", quoted(text)).readEvent().get().normalizedText == text)
        let data = "{\"a\":\"\(String(repeating: "x", count: 16 * 1024 - 8))\"}"
        #expect(try ObjectText.event.with("data", "  " + data).readEvent().get().dataJSON == data)
    }

    static let long = quoted(String(repeating: "x", count: 16 * 1024 + 1))

    @Test(
        "An event that breaks a rule is refused at its path",
        arguments: [
            Refusal("type", nil, "type", "required"),
            Refusal("type", "\"x\"", "type", "one of: customer_message, customer_payment"),
            Refusal("type", "1", "type", "a text"), Refusal("customer", nil, "customer", "required"),
            Refusal("customer", "{}", "customer.id", "required"),
            Refusal("customer", "{\"id\":\"\"}", "customer.id", "1–128 bytes"),
            Refusal("text", nil, "text", "required"), Refusal("text", "null", "text", "required"),
            Refusal("text", "1", "text", "a text"),
            Refusal("text", long, "text", "at most 16384 bytes"),
            Refusal("text", quoted(String(repeating: "\u{FDFA}", count: 5461)), "text", "at most 65536 bytes"),
            Refusal("text", quoted(String(repeating: "\u{301}\u{323}", count: 4096)), "text", "30 combining marks"),
            Refusal("type", "\"custom_event\"", "event", "required"), Refusal("event", "1", "event", "a text"),
            Refusal("data", "[]", "data", "an object"), Refusal("data", "\"x\"", "data", "an object"),
            Refusal("data", "{\"a\":\(long)}", "data", "at most 16384 bytes"),
            Refusal("event_id", "\"\"", "event_id", "1–128 bytes"), Refusal("event_id", "7", "event_id", "a text"),
            Refusal("event_id", quoted(String(repeating: "x", count: 129)), "event_id", "1–128 bytes"),
            Refusal("conversation", "\"g\"", "conversation", "an object"),
            Refusal(
                "conversation", "{\"a\":\"\(String(repeating: "x", count: 4096))\"}", "conversation",
                "at most 4096 bytes"),
        ])
    func refusals(_ refusal: Refusal) {
        let error = ObjectText.event.with(refusal.key, refusal.json).readEvent().error
        #expect(error?.kind == .validation)
        #expect(error?.field == refusal.field)
        #expect(error?.detail.contains(refusal.detail) == true, "\(error?.detail ?? "accepted")")
    }

    @Test("Data may be as deep as JSON may be")
    func depth() {
        func data(_ depth: Int) -> String {
            String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        }
        #expect(ObjectText.event.with("data", data(31)).readEvent().error == nil)
        #expect(ObjectText.event.with("data", data(32)).readEvent().error?.kind == .invalidJSON)
        let batch = reading("[\(ObjectText.event.with("data", data(31)).text)]".utf8) { (body) throws(InputError) in
            try requests.events(body)
        }
        #expect(batch.value?.first?.result.error == nil)
    }
}
