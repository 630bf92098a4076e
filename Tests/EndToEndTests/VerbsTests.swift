import Foundation
import TestSupport
import Testing

/// The command's verbs, each a process of its own that talks to a running instance.
@Suite(.timeLimit(.minutes(2)))
struct VerbsTests {
    @Test func `send takes one task or many, from a file or the standard input`() async throws {
        try await Site.run([:]) { site, kefu in
            let file = "\(kefu.child.folder)/task.json"
            try Document.fileAfterReply.write(toFile: file, atomically: true, encoding: .utf8)
            let first = try await kefu.kefu("send", file)
            #expect(first.output == "TASK_001  pending  任务接收成功\n" && first.status == 0 && first.complaints == "")
            let again = try await kefu.kefu("send", file)
            #expect(again.output.contains("duplicate") && again.status == 0)
            let piped = try await kefu.kefu("send", "-", "--json", input: Document.tutorialAfterPayment)
            #expect(try JSON(piped.output)["data"] == ["task_id": "TASK_002", "status": "pending"])

            let other = Document.fileAfterReply.replacing("好的", with: "不要")
            let conflict = try await kefu.kefu("send", "-", input: other)
            #expect(conflict.status == 1 && conflict.output == "")
            #expect(conflict.complaints.hasPrefix("kefu: 409 ") && conflict.complaints.count(where: \.isNewline) == 1)
            let broken = try await kefu.kefu("send", "-", input: "{")
            #expect(broken.status == 1 && broken.complaints.hasPrefix("kefu: 400 "))

            let array = "\n [\(Document.greeting), \(Tasks.message("T2").text)]"
            let batch = try await kefu.kefu("send", "-", input: array)
            #expect(batch.status == 0 && batch.output.contains("TASK_003") && batch.output.contains("T2"))
            let mixed = try await kefu.kefu("send", "-", input: "[\(Tasks.message("T3").text), 7]")
            #expect(mixed.status == 1 && mixed.output.contains("T3") && mixed.output.contains("400"))
            #expect(try await kefu.status("T3")["status"] == "waiting")
            #expect(try await kefu.kefu("send", "/nowhere/task.json").status == 64)
        }
    }

    @Test func `a task is fired, looked at, cancelled and retried from the command line`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { $0.text.contains("bad") ? .status(400) : .status(200) }
            for id in ["good", "bad", "third"] { try await kefu.accept(Tasks.message(id, customer: id)) }
            let event = try await kefu.kefu("event", "--customer", "good", "--text", "好的", "--event-id", "m1")
            #expect(event.output == "fired: good\n" && event.status == 0)
            let repeated = try await kefu.kefu("event", "--customer", "good", "--text", "好的", "--event-id", "m1")
            #expect(repeated.output == "fired: good  (duplicate)\n")
            let nothing = try await kefu.kefu("event", "--customer", "good", "--type", "customer_payment")
            #expect(nothing.output == "no task fired\n" && nothing.status == 0)
            #expect(try await kefu.kefu("fire", "bad").output.hasPrefix("bad  waiting  "))
            try await kefu.status("good", is: "completed")
            try await kefu.status("bad", is: "failed")

            let shown = try await kefu.kefu("status", "bad")
            #expect(shown.status == 0 && shown.output.contains("gateway_rejected"))
            #expect(shown.output.contains("\nstatus") && shown.output.contains("FAILED"))
            let json = try await kefu.kefu("status", "good", "--json")
            #expect(json.output == (try await kefu.get("/api/task/status/good").body) + "\n")
            #expect(try await kefu.kefu("status", "unknown").status == 1)

            let list = try await kefu.kefu("list", "--status", "waiting")
            #expect(list.output.contains("third") && !list.output.contains("good"))
            let all = try await kefu.kefu("list", "--all", "--limit", "1")
            #expect(["good", "bad", "third"].allSatisfy { all.output.contains($0) })
            #expect(try await kefu.kefu("list", "--status", "nonsense").status == 1)

            site.gateway.respond { _ in .status(200) }
            #expect(try await kefu.kefu("retry", "bad").output.hasPrefix("bad  waiting  "))
            try await kefu.status("bad", is: "completed")
            #expect(try await kefu.kefu("retry", "bad").status == 1)
            let cancelled = try await kefu.kefu("cancel", "third", "--reason", "客户已退款")
            #expect(cancelled.output.hasPrefix("third  cancelled  ") && cancelled.status == 0)
            #expect(try await kefu.status("third")["cancel_reason"] == "客户已退款")
            #expect(try await kefu.kefu("cancel", "good").status == 1)

            let stats = try await kefu.kefu("stats")
            #expect(stats.output.contains("completed 2") && stats.output.contains("cancelled 1"))
            #expect(try JSON(try await kefu.kefu("stats", "--json").output)["data"]["total"] == 3)
        }
    }

    @Test func `a callback that was given up is listed, and delivered once it is replayed`() async throws {
        try await Site.run([:]) { site, kefu in
            site.receiver.respond { _ in .status(500, body: "no disk") }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.cancel("T1")
            _ = try await site.receiver.requests(atLeast: 1)
            let id = try await kefu.get("/api/callbacks").data["callbacks"][0]["callback_id"].string ?? ""
            #expect(try await kefu.kefu("callbacks").output.contains(id))
            // Its day is over.
            _ = try await site.redis.answer("HSET", "kefu:{0}:callback:\(id)", "replayed_at", "1000")
            try await eventually("it is given up") {
                try await kefu.get("/api/callbacks?state=dead").data["callbacks"].elements.count == 1
            }
            let dead = try await kefu.kefu("callbacks", "--state", "dead")
            #expect(dead.output.contains("\(id)  T1") && dead.output.contains("no disk"))
            #expect(try await kefu.get("/api/callbacks").data["callbacks"] == [])
            #expect(try await kefu.get("/api/task/stats").data["queues"]["callbacks_dead"] == 1)

            let count = site.receiver.requests.count
            let body = site.receiver.requests[0].text
            site.receiver.respond { _ in .status(200) }
            let unknown = try await kefu.kefu("callbacks", "replay", "unknown")
            #expect(unknown.output == "replayed: 0\n" && unknown.status == 1)
            #expect(unknown.complaints.contains("kefu callbacks lists them"))
            #expect(try await kefu.kefu("callbacks", "replay", "--task", "T2").output == "replayed: 0\n")
            let replayed = try await kefu.kefu("callbacks", "replay", "--all-dead")
            #expect(replayed.output == "replayed: 1\n" && replayed.status == 0)
            #expect(try await site.receiver.requests(atLeast: count + 1).last?.text == body)
            try await eventually("nothing is left") {
                let queues = try await kefu.get("/api/task/stats").data["queues"]
                return queues["callbacks"] == 0 && queues["callbacks_dead"] == 0
            }
        }
    }

    @Test func `exit codes tell a refusal, an absent server, wrong usage and a wrong setting apart`() async throws {
        try await Site.alone {
            let run = { (arguments: [String], settings: [String: String]) async throws -> Outcome in
                try await Child.run(try Instance.executable, arguments, environment: settings)
            }
            let nobody = ["KEFU_URL": "http://127.0.0.1:\(Ports.free())"]
            let absent = try await run(["status", "T1"], nobody)
            #expect(absent.status == 2 && absent.complaints.count(where: \.isNewline) == 1)
            #expect(try await run(["send", "-"], nobody).status == 2)
            for arguments in [["status"], ["nonsense"], ["event", "--customer", "c"], ["list", "--limit", "x"]] {
                #expect(try await run(arguments, nobody).status == 64, "\(arguments)")
            }
            let wrong = try await run(["stats"], ["KEFU_URL": "ftp://host/"])
            #expect(wrong.status == 78 && wrong.complaints.hasPrefix("kefu: KEFU_URL=ftp://host/: "))
            let token = try await run(["stats"], nobody.merging(["KEFU_TOKEN": "geheim é"]) { $1 })
            #expect(token.status == 78 && !token.complaints.contains("geheim"))
            let version = try await run(["--version"], [:])
            #expect(version.status == 0 && version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
            let help = try await run(["--help"], [:])
            #expect(help.status == 0 && help.output.contains("EXAMPLES") && help.output.contains("EXIT CODES"))
        }
    }
}
