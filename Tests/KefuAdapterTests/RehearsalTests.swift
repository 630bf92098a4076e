import KefuCore
import Testing

@testable import KefuAdapter

/// What `kefu adapter check` shows.
@Suite struct RehearsalTests {
    private static func rehearsal(_ example: String) throws -> Rehearsal {
        Rehearsal(try Given.example(example), reader: try Given.reader, formatTime: Given.time)
    }

    @Test func `A frame is shown as the contract's events, with what would be answered`() throws {
        let frame =
            #"{"msg_list": [{"msgtype": "text", "external_userid": "wm1", "text": {"content": "好"}}, {"msgtype": "x"}, {"msgtype": "text"}]}"#
        #expect(
            try Self.rehearsal("wecom-style").take(Array(frame.utf8)).lines == [
                #"event: {"type":"customer_message","customer":{"id":"wm1"},"text":"好","data":{},"conversation":{}}"#,
                #"from: {"type":"customer_message","customer":{},"data":{},"conversation":{}}"#,
                "refused: [2].customer.id: is required",
                #"answer: 200 {"errcode":40058,"errmsg":"[2].customer.id: is required"}"#,
            ])
        #expect(
            try Self.rehearsal("wecom-style").take(Array(#"{"msgtype":"ping"}"#.utf8)).lines == [
                "frame: no event", #"answer: {"msgtype":"pong","seq":null}"#,
            ])
    }

    static let verdicts: [(example: String, frame: String, isRefused: Bool)] = [
        ("wecom-style", #"{"msg_list": [{"msgtype": "text", "external_userid": "c", "text": {}}, {}]}"#, true),
        ("wecom-style", #"{"msg_list": [{"msgtype": "image"}]}"#, false),
        ("wecom-style", #"{"msgtype": "ping"}"#, false),
        ("wecom-style", #"{"msg_list": [{"msgtype": "image"}, {"msgtype": "text"}]}"#, true),
        ("wecom-style", "{", true), ("token", #"{"cmd": "sent", "req": "k1-1"}"#, false),
        ("token", #"{"kind": "other"}"#, false), ("token", #"{"kind": "chat"}"#, true),
    ]

    @Test(arguments: verdicts)
    func `A sample is refused when anything of it is, and not when it is ignored`(
        example: String, frame: String, isRefused: Bool
    ) throws {
        #expect(try Self.rehearsal(example).take(Array(frame.utf8)).isRefused == isRefused)
    }

    @Test func `An action that the file does not send on the way that is set is refused`() throws {
        let sample = Array(#"{"action": {"type": "send_message", "message": "m"}}"#.utf8)
        let token = try Self.rehearsal("token").send(sample, gatewayURL: "connector:")
        #expect(!token.isRefused && token.lines.count == 1 && token.lines[0].hasPrefix(#"frame: {"cmd":"send","#))
        let wecom = try Self.rehearsal("wecom-style").send(sample, gatewayURL: "connector:")
        #expect(wecom.isRefused && wecom.lines.first?.contains("no frame for send_message") == true)
        let file = #"{"out": {"send_link": {"url": "http://h/", "body": {}}}}"#
        let adapter = try Adapter(Array(file.utf8)) { _ in nil }
        let rehearsal = Rehearsal(adapter, reader: try Given.reader, formatTime: Given.time)
        #expect(try rehearsal.send(sample, gatewayURL: nil).isRefused)
    }

    @Test func `Callbacks without an address of their own name the setting that has it`() throws {
        let adapter = try Adapter(Array(#"{"callback": {"body": {}}}"#.utf8)) { _ in nil }
        let rehearsal = Rehearsal(adapter, reader: try Given.reader, formatTime: Given.time)
        #expect(rehearsal.summary.last?.contains("TIANWANG_CALLBACK_URL") == true)
        #expect(try Self.rehearsal("token").summary.last == "callback: in the file's words")
    }

    @Test func `An action is shown as the requests that would go out, with secrets hidden`() throws {
        let sample =
            #"{"action": {"type": "send_message", "message": "您好"}, "trigger_event": {"conversation": {"open_kfid": "kf"}}}"#
        let lines = try Self.rehearsal("wecom-style").send(Array(sample.utf8), gatewayURL: nil).lines
        #expect(
            lines == [
                "token: GET http://wecom.test/cgi-bin/gettoken?corpid=***&corpsecret=***",
                "request: POST http://wecom.test/cgi-bin/kf/send_msg?access_token=***",
                "  Content-Type: application/json",
                #"  {"touser":"customer_123","open_kfid":"kf","msgid":"TASK_001:1","msgtype":"text","text":{"content":"您好"}}"#,
            ])
        #expect(throws: InputError.self) {
            try Self.rehearsal("generic").send(Array(#"{"action": {"type": "dance"}}"#.utf8), gatewayURL: nil)
        }
    }

    @Test func `The key in the address of a robot is hidden`() throws {
        let file = #"{"env": ["HOOK"], "out": {"all": {"url": "{{env.HOOK}}&x={{task_id}}", "body": {}}}}"#
        let adapter = try Adapter(Array(file.utf8)) { _ in "https://h/hook?key=geheim" }
        let rehearsal = Rehearsal(adapter, reader: try Given.reader, formatTime: Given.time)
        let lines = try rehearsal.send(Array(#"{"action": {"type": "send_link"}}"#.utf8), gatewayURL: nil).lines
        #expect(lines.first == "request: POST https://h/hook?***")
    }

    @Test func `An answer's meaning is told, of actions and of callbacks`() throws {
        let rehearsal = try Self.rehearsal("wecom-style")
        let judge = { (body: String) in rehearsal.judge(Array(body.utf8), status: 200, to: .sendMessage) }
        #expect(judge(#"{"errcode":0,"msgid":"m"}"#) == #"answer: done, result {"message_id":"m","result":null}"#)
        #expect(judge(#"{"errcode":45009}"#) == "answer: tried again (platform answered 200, /errcode: 45009)")
        #expect(judge(#"{"errcode":1}"#) == "answer: refused for good (platform answered 200, /errcode: 1)")
        #expect(judge(#"{"errcode":42001}"#).hasPrefix("answer: tried again at once with a new token"))
        let token = try Self.rehearsal("token")
        #expect(token.judge([], status: 204, to: nil) == "answer: done, without a result")
        let lines = try token.callBack(Array(#"{"status": "failed", "error": "e"}"#.utf8), callbackURL: nil)
        #expect(lines.first == "callback: PUT http://tianwang.test/jobs/TASK_001")
        #expect(lines.last?.contains(#""reason":"e""#) == true)
    }
}
