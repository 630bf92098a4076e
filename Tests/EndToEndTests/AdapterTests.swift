import Foundation
import KefuRedis
import Synchronization
import TestSupport
import Testing

/// A platform that speaks its own words, over real HTTP, by the examples that ship.
@Suite(.timeLimit(.minutes(3)))
struct AdapterTests {
    private static func path(_ example: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "compose/adapters/\(example).json").path
    }

    private static func wecom(_ site: Site) -> [String: String] {
        [
            "KEFU_ADAPTER": path("wecom-style"), "WECOM_URL": site.gateway.url, "WECOM_CORP_ID": "ww1",
            "WECOM_SECRET": "geheim-geheim&",
        ]
    }

    /// Gives tokens that hold for so many messages, and answers each message with the next code of its customer.
    private static func platform(
        messagesPerToken: Int, _ codes: [String: [Int]]
    ) -> HTTPSink.Script {
        let state = Mutex((tokens: 0, left: 0, codes: codes))
        return { request in
            state.withLock { state in
                if request.path.hasPrefix("/cgi-bin/gettoken") {
                    state.tokens += 1
                    state.left = messagesPerToken
                    return .status(
                        200, body: #"{"errcode": 0, "access_token": "tok-\#(state.tokens)", "expires_in": 7200}"#)
                }
                guard state.left > 0, request.path.hasSuffix("access_token=tok-\(state.tokens)") else {
                    return .status(200, body: #"{"errcode": 42001, "errmsg": "access_token expired"}"#)
                }
                state.left -= 1
                let customer = request.json["touser"].string ?? ""
                let code = state.codes[customer]?.isEmpty == false ? state.codes[customer]?.removeFirst() ?? 0 : 0
                return .status(200, body: #"{"errcode": \#(code), "errmsg": "said", "msgid": "m-\#(request.number)"}"#)
            }
        }
    }

    private static func text(_ content: String, by customer: String, _ id: String) -> JSON {
        [
            "msgtype": "text", "external_userid": .string(customer), "open_kfid": "kf1", "msgid": .string(id),
            "text": ["content": .string(content)],
        ]
    }

    @Test func `Several events a body, codes inside a 200 and an expired token end as the file says`() async throws {
        try await Site.run { site in
            site.gateway.respond(
                Self.platform(messagesPerToken: 2, ["wm1": [45009, 0], "wm2": [40058], "wm3": [0]]))
            let kefu = try await site.start(Self.wecom(site))
            for number in 1...3 {
                try await kefu.accept(Tasks.message("T\(number)", customer: "wm\(number)"))
            }
            let body: JSON = [
                "corp_id": "ww1",
                "msg_list": [
                    Self.text("好的", by: "wm1", "e1"), ["msgtype": "image"], Self.text("好的", by: "wm2", "e2"),
                    Self.text("好的", by: "wm3", "e3"), Self.text("不", by: "wm1", "e4"),
                ],
            ]
            let answer = try await kefu.post("/api/event/platform", body)
            #expect(answer.status == 200)
            #expect(try JSON(answer.body) == ["errcode": 0, "errmsg": "ok", "taken": 4])
            let done = try await kefu.status("T1", is: "completed")
            #expect(done["attempts"].int == 2 && done["retry_count"].int == 1)
            #expect(
                done["result"]["result"].string == "said"
                    && done["result"]["message_id"].string?.hasPrefix("m-") == true)
            #expect(done["failed_attempts"][0]["error"].string?.contains("/errcode: 45009") == true)
            let refused = try await kefu.status("T2", is: "failed")
            #expect(refused["error_code"].string == "gateway_rejected" && refused["attempts"].int == 1)
            try await kefu.status("T3", is: "completed")
            // Four messages at two a token: it expired in the middle and was renewed, without a task noticing.
            let tokens = site.gateway.requests.filter { $0.path.hasPrefix("/cgi-bin/gettoken") }
            #expect(tokens.count == 2)
            #expect(tokens.first?.path == "/cgi-bin/gettoken?corpid=ww1&corpsecret=geheim-geheim%26")
            let sent = site.gateway.requests.filter { $0.json["touser"].string == "wm1" }
            #expect(Set(sent.map { $0.json["msgid"].string }) == ["T1:1"])
            #expect(sent.last?.json["open_kfid"].string == "kf1")
            // The platform sends all of it again: known by the ids, acknowledged, and nothing fires.
            let count = site.gateway.requests.count
            #expect(try await kefu.post("/api/event/platform", body).status == 200)
            #expect(try await kefu.get("/api/task/stats").data["by_status"]["completed"].int == 2)
            #expect(site.gateway.requests.count == count)
            #expect(!kefu.child.complaints.contains("geheim") && !kefu.child.complaints.contains("tok-"))
        }
    }

    @Test func `Heartbeats are answered, a bad element is told while the good ones count, and Redis comes first`()
        async throws
    {
        try await Site.run { site in
            site.gateway.respond(Self.platform(messagesPerToken: 100, [:]))
            let kefu = try await site.start(Self.wecom(site))
            let ping = try await kefu.post("/api/event/platform", #"{"msgtype": "ping", "seq": 18446744073709551616}"#)
            #expect(ping.status == 200 && ping.body == #"{"msgtype":"pong","seq":18446744073709551616}"#)
            #expect(try await kefu.post("/api/event/platform", "{}").status == 200)
            try await kefu.accept(Tasks.message("T1", customer: "wm1"))
            let mixed: JSON = ["msg_list": [["msgtype": "text"], Self.text("好的", by: "wm1", "e1")]]
            let told = try await kefu.post("/api/event/platform", mixed)
            #expect(told.status == 200)
            #expect(try JSON(told.body) == ["errcode": 40058, "errmsg": "[0].customer.id: is required"])
            try await kefu.status("T1", is: "completed")
            #expect(try await kefu.post("/api/event/platform", "{").status == 200)

            let lost = try await site.start(Self.wecom(site).merging(["REDIS_URL": "unix:///nowhere/s"]) { $1 })
            #expect(try await lost.post("/api/event/platform", mixed).status == 503)
            let plain = try await site.start()
            let unknown = try await plain.post("/api/event/platform", mixed)
            #expect(unknown.status == 404 && unknown.errorType == "not_found")
        }
    }

    private static let hostile =
        "\"},{\"a\":\"\\\n\r\t{{task_id}}{{{token}}}\u{2028}\\ud800\u{202E}<script>alert('x')</script>e\u{301}😀&k=v#%00"

    @Test func `Hostile text goes in and out unchanged, in bodies, addresses and headers`() async throws {
        try await Site.run { site in
            site.gateway.respond { request in
                request.path == "/oauth/token"
                    ? .status(200, body: #"{"access_token": "tok"}"#) : .status(201, body: #"{"id": "m\"1"}"#)
            }
            let settings = [
                "KEFU_ADAPTER": Self.path("token"), "PLATFORM_URL": site.gateway.url, "PLATFORM_KEY": "k",
                "PLATFORM_SECRET": "s", "TIANWANG_URL": "\(site.receiver.url)/",
            ]
            let kefu = try await site.start(settings)
            let customer = "c/../{{x}}?a=b&\"好"
            let task = Tasks.message(
                "T%1/:?", customer: customer, trigger: ["type": "customer_reply"],
                ["action": ["type": "send_file", "file_url": "https://f/a?b={{c}}", "message": .string(Self.hostile)]])
            try await kefu.accept(task)
            let event: JSON = [
                "kind": "chat", "user_id": .string(customer), "content": .string(Self.hostile), "seq": 7,
                "payload": ["金额": .string(Self.hostile)],
            ]
            let answer = try await kefu.post("/api/event/platform", event)
            #expect(answer.status == 200 && answer.body == "success")
            #expect(answer.fields.contains { $0.name == "content-type" && $0.value.hasPrefix("text/plain") })
            let done = try await kefu.status("T%1/:?", is: "completed")
            #expect(done["trigger_event"]["text"].string == Self.hostile)
            #expect(done["trigger_event"]["data"]["金额"].string == Self.hostile)
            #expect(done["result"]["message_id"].string == "m\"1")
            let sent = try #require(site.gateway.requests.last)
            #expect(sent.json == ["kind": "file", "href": "https://f/a?b={{c}}", "text": .string(Self.hostile)])
            let parts = sent.path.split(separator: "/")
            #expect(parts.count == 4 && parts[2].removingPercentEncoding == customer)
            #expect(
                sent.header("Idempotency-Key") == "T%251%2F%3A%3F:1" && sent.header("Authorization") == "Bearer tok")
            let callback = try #require(try await site.receiver.requests(atLeast: 1).first)
            #expect(callback.method == "PUT" && callback.path == "/jobs/T%251%2F%3A%3F")
            #expect(callback.json["state"].string == "completed" && callback.json["job"].string == "T%1/:?")
        }
    }

    @Test func `A wrong file or a missing secret stops the start with one line`() async throws {
        try await Site.alone {
            let usual = ["WECOM_URL": "http://h", "WECOM_CORP_ID": "1", "KEFU_ADAPTER": Self.path("wecom-style")]
            let wrong: [([String: String], String)] = [
                (usual, "env[2]: WECOM_SECRET is not set in the environment"),
                (["KEFU_ADAPTER": "/nowhere.json"], "must be the path of a file"),
                (["KEFU_ADAPTER": Self.path("generic")], "names no URL for an action (out.all.url)"),
                (["KEFU_ADAPTER": #filePath], "expected a value"),
                (
                    usual.merging([
                        "WECOM_SECRET": "s", "KEFU_GATEWAY_URL": "connector:", "KEFU_CONNECTOR_URL": "ws://127.0.0.1/",
                    ]) { $1 }, "has no frame for an action (out.all.frame), which KEFU_GATEWAY_URL=connector: needs"
                ),
                (
                    usual.merging(["WECOM_SECRET": "s", "WECOM_URL": "geheim"]) { $1 },
                    "the value of WECOM_URL must begin"
                ),
            ]
            for (settings, line) in wrong {
                let outcome = try await Child.run(try Instance.executable, ["serve"], environment: settings)
                #expect(outcome.status == 78 && outcome.complaints.contains(line), "\(outcome.complaints)")
                #expect(outcome.complaints.hasPrefix("kefu: KEFU_ADAPTER=") && !outcome.complaints.contains("geheim"))
                #expect(outcome.complaints.count(where: \.isNewline) == 1)
            }
        }
    }

    @Test func `The check shows what would be taken and sent, and all that is wrong`() async throws {
        try await Site.alone {
            let folder = try PrivateRedis.makeFolder()
            func write(_ name: String, _ text: String) throws -> String {
                try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                return "\(folder)/\(name)"
            }
            func check(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Outcome {
                try await Child.run(
                    try Instance.executable, ["adapter", "check"] + arguments, environment: environment)
            }
            let frame = try write(
                "frame", #"{"msg_list": [{"msgtype": "text", "external_userid": "c", "text": {"content": "好"}}]}"#)
            let action = try write("action", #"{"action": {"type": "send_message", "message": "\"您好"}}"#)
            let answer = try write("answer", #"{"errcode": 45009}"#)
            let shown = try await check(
                [
                    Self.path("wecom-style"), "--frame", frame, "--action", action, "--answer", answer, "--status",
                    "200",
                ],
                ["WECOM_URL": "http://h", "WECOM_SECRET": "geheim-geheim"])
            #expect(shown.status == 0 && shown.complaints.contains("needed at the start: WECOM_CORP_ID"))
            for line in [
                #"event: {"type":"customer_message","customer":{"id":"c"},"text":"好","data":{},"conversation":{}}"#,
                "request: POST http://h/cgi-bin/kf/send_msg?access_token=***", #""text":{"content":"\"您好"}"#,
                "answer: tried again (platform answered 200, /errcode: 45009)",
            ] { #expect(shown.output.contains(line), "\(shown.output)") }
            #expect(!(shown.output + shown.complaints).contains("geheim"))
            let ignored = try write("ignored", #"{"msg_list": [{"msgtype": "image"}]}"#)
            #expect(try await check([Self.path("wecom-style"), "--frame", ignored]).status == 0)
            let partly = try write("partly", #"{"msg_list": [{"msgtype": "image"}, {"msgtype": "text"}]}"#)
            let refused = try await check([Self.path("wecom-style"), "--frame", partly, "--action", action])
            #expect(refused.status == 1 && refused.output.contains("refused: [1].customer.id: is required"))
            #expect(refused.output.contains("request: POST"))
            let nowhere = try write("nowhere", #"{"callback": {"body": {}}}"#)
            let remark = try await check([nowhere])
            #expect(remark.status == 0 && remark.complaints.contains("needed at the start: TIANWANG_CALLBACK_URL"))
            #expect(try await check([nowhere, "--action", action]).status == 1)
            let bad = try write("bad", #"{"in": {"customer": "id"}, "out": {"send_file": {"body": "{{x}}"}}}"#)
            let told = try await check([bad])
            #expect(told.status == 78 && told.output == "")
            let lines = told.complaints.split(separator: "\n")
            #expect(lines.count == 3 && lines.allSatisfy { $0.hasPrefix("kefu: \(bad): ") }, "\(told.complaints)")
            for path in ["in.type: ", "in.customer: ", "out.send_file.body: "] {
                #expect(told.complaints.contains(path))
            }
            try FileManager.default.removeItem(atPath: folder)
        }
    }
}
