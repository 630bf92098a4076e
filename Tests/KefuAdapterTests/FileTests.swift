import Testing

@testable import KefuAdapter

/// What a file may say, and how all that is wrong with it is told.
@Suite struct FileTests {
    private static let smallest = #"{"in": {"type": "/type", "customer": "/customer"}}"#

    @Test(arguments: ["generic", "wecom-style", "token"])
    func `The examples are valid`(name: String) throws {
        let adapter = try Given.example(name)
        #expect(adapter.hasEvents && adapter.sendsActions)
        #expect(adapter.name != nil)
    }

    @Test(arguments: ["README.md", "README.zh-CN.md"])
    func `The example of the README is valid, and takes and sends what the README says`(path: String) throws {
        let blocks = try Given.text(path).split(separator: "```json\n").dropFirst().map { $0.prefix { $0 != "`" } }
        let file = try #require(blocks.first { $0.hasPrefix("{\n  \"env\"") })
        let rehearsal = Rehearsal(
            try Given.adapter(String(file)), reader: try Given.reader, formatTime: Given.time)
        let frame = #"{"kind": "chat", "from": {"id": "c1"}, "content": "好的", "seq": "m1"}"#
        #expect(
            rehearsal.take(Array(frame.utf8)).lines == [
                #"event: {"type":"customer_message","customer":{"id":"c1"},"text":"好的","event_id":"m1"}"#,
                #"answer: 200 {"ok":true}"#,
            ])
        let action = #"{"action": {"type": "send_message", "message": "您好"}, "customer": {"id": "c1"}}"#
        let sent = try rehearsal.send(Array(action.utf8), gatewayURL: nil).lines
        #expect(sent.first == "request: POST http://platform.test/base/messages")
        #expect(sent.last == #"  {"to":"c1","text":"您好"}"#)
    }

    @Test func `The smallest file says where type and customer are`() throws {
        let adapter = try Given.adapter(Self.smallest)
        #expect(adapter.hasEvents && !adapter.sendsActions && !adapter.sendsCallbacks && !adapter.sendsFrames)
    }

    private static let wrong: [(file: String, flaws: [String])] = [
        ("[]", ["must be an object"]), ("{", ["the text ends where a key is expected (at byte 1)"]),
        ("{}", ["must have at least one of: in, out, callback"]),
        (
            #"{"inn": {}, "out": {}}"#,
            [
                "inn: is unknown; allowed here: name, env, in, out, callback, connector",
                "out: must say how an action goes out: a body, form or frame in all or in one",
            ]
        ),
        (#"{"out": {"all": {"frame": {}}}}"#, ["connector.answer: is required where an action has a frame"]),
        (#"{"in": {}}"#, ["in.type: is required", "in.customer: is required"]),
        (
            #"{"in": {"type": "type", "customer": {"pointer": "/a", "const": 1}, "text": 7, "data": {"members": {"a": "b"}}}}"#,
            [
                "in.text: must be a JSON pointer, or an object with pointer, frame or const",
                "in.data.members.a: must be a JSON pointer (RFC 6901): empty, or / before each name, with ~0 for ~ and ~1 for /",
                "in.type: must be a JSON pointer (RFC 6901): empty, or / before each name, with ~0 for ~ and ~1 for /",
                "in.customer: must have exactly one of: pointer, frame, const",
            ]
        ),
        (
            #"{"in": {"type": "/t", "customer": "/c", "types": {"a": "message"}, "rules": [{"when": {"t": 1}}]}}"#,
            [
                "in.rules[0].when.t: must be a JSON pointer (RFC 6901), such as /type",
                "in.rules[0]: must have exactly one of: \"ignore\": true, answer",
                "in.types.a: must be one of: customer_message, customer_payment, customer_order, custom_event, ignore",
            ]
        ),
        (
            #"{"env": ["PLATFORM_KEY", "NOT_THERE", "no name", "PLATFORM_KEY"], "callback": {"body": {}}}"#,
            [
                "env[1]: NOT_THERE is not set in the environment", "env[2]: must be a name of letters, digits and _",
                "env[3]: is listed twice",
            ]
        ),
        (
            #"{"out": {"send_file": {"method": "GET", "url": "ftp://x", "body": {"a": "{{b}}", "c": ["{{action.type"]}}}}"#,
            [
                "out.send_file.method: must be one of: POST, PUT",
                "out.send_file.url: must begin with http://, https://, or {{env.NAME}} of such an address",
                "out.send_file.body.a: b is not known here; allowed: task_id, generation, attempt, idempotency_key, action, action.type, action.message, action.file_url, action.url, customer, customer.id, customer.name, trigger_event, data, conversation, now_seconds, now_ms, trigger_event.…, data.…, conversation.…",
                "out.send_file.body.c[0]: a tag that {{ begins is not ended by }}",
            ]
        ),
        (
            #"{"out": {"all": {"body": {"a": "{{{task_id}}}", "b": "{{&task_id}}", "c": "{{>x}}", "d": "{{%CONTENT_TYPE:TEXT}}", "e": "{{=<% %>=}}"}}}}"#,
            ["a", "b", "c", "d", "e"].map {
                "out.all.body.\($0): a tag must be {{name}}, {{#name}}…{{/name}} or {{^name}}…{{/name}}; a name has letters, digits, _ and -, and dots between"
            }
        ),
        (
            #"{"out": {"all": {"body": {"a": "{{#task_id}}x", "b": "{{#task_id}}x{{/attempt}}", "$json": 1, "{{task_id}}": 1}}}}"#,
            [
                "out.all.body.a: a section {{#name}} or {{^name}} has no end {{/name}}",
                "out.all.body.b: a section {{#name}} or {{^name}} is ended by another name than its own",
                "out.all.body.$json: a member's name is written as it is: without $ in front, and without templates",
                "out.all.body.{{task_id}}: a member's name is written as it is: without $ in front, and without templates",
            ]
        ),
        (
            #"{"out": {"all": {"url": "http://h{{task_id}}/", "body": "{{token}}", "headers": {"Host": "x", "A B": "x", "X": "好"}, "token_error": {"status": 401}}}}"#,
            [
                "out.all.url: must name its host as it is, or by {{env.NAME}} at the very beginning",
                "out.all.headers.Host: is set by kefu itself",
                "out.all.headers.\"A B\": a header's name has letters, digits and - only",
                "out.all.headers.X: must be visible ASCII and spaces",
                "out.all.token_error: needs out.token",
            ]
        ),
        (
            #"{"out": {"token": {"url": "http://h/", "body": {}}, "all": {"body": {}, "form": {}, "success": {"status": ["2x", 99], "equals": 1}, "retry": {"pointer": "/a"}}}}"#,
            [
                "out.token.token: is required", "out.all.body: only one of body and form may be there",
                "out.all.success.status[0]: must be a status such as 200, or a hundred of them such as \"5xx\"",
                "out.all.success.status[1]: must be a status such as 200, or a hundred of them such as \"5xx\"",
                "out.all.success.equals: needs a pointer",
                "out.all.retry.equals: is required where there is a pointer",
            ]
        ),
    ]

    @Test(arguments: wrong.indices)
    func `All that is wrong is told, each with its path and what is allowed`(number: Int) {
        let (file, flaws) = Self.wrong[number]
        let told = Given.flaws(file).map {
            $0.replacing("out.token: a GET has no body: set \"method\": \"POST\"", with: "")
        }
        for flaw in flaws {
            #expect(told.contains { $0 == flaw }, "\(flaw)\nis not among\n\(told.joined(separator: "\n"))")
        }
        let others = told.filter { told in
            !flaws.contains { $0 == told } && !told.isEmpty && !told.contains("token is not known")
        }
        #expect(others == [])
    }

    @Test func `A variable of the environment must be a listed one, and an address where it is one`() {
        let file = { (env: String, url: String) in
            #"{"env": [\#(env)], "callback": {"url": "\#(url)", "body": {}}}"#
        }
        #expect(Given.flaws(file(#""TIANWANG_URL""#, "{{env.TIANWANG_URL}}/x")) == [])
        #expect(
            Given.flaws(file(#""TIANWANG_URL""#, "{{env.TIANWANG_URL}}}/x")) == [
                "callback.url: must name a host of letters, digits, - and ."
            ])
        #expect(
            Given.flaws(file("", "{{env.TIANWANG_URL}}/x")).first?.hasPrefix("callback.url: env.TIANWANG_URL is not")
                == true)
        #expect(
            Given.flaws(file(#""PLATFORM_KEY""#, "{{env.PLATFORM_KEY}}/x"))
                == [
                    "callback.url: the value of PLATFORM_KEY must begin with http://, https://, or {{env.NAME}} of such an address"
                ])
    }

    @Test func `A file that is too large, not UTF-8 or not strict JSON is refused as a whole`() {
        let large = Array(repeating: UInt8(ascii: " "), count: Adapter.largestFile + 1)
        for bytes in [large, [0xFF], Array(#"{"in": {}, "in": {}}"#.utf8), Array(#"{"a": 1,}"#.utf8)] {
            #expect(throws: Adapter.Flaws.self) { _ = try Adapter(bytes) { _ in nil } }
        }
    }
}
