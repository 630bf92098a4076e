import Foundation
import TestSupport
import Testing

/// `kefu import`: from a file of the old service into a running instance.
@Suite(.timeLimit(.minutes(2)))
struct ImportTests {
    /// The first words of the line about a task, up to two spaces.
    private func outcome(of id: String, _ output: String) -> String? {
        let line = output.split(separator: "\n").first { $0.contains("  \(id)  ") }
        return line?.firstRange(of: "  ").map { String(line?[..<$0.lowerBound] ?? "") }
    }

    @Test func `unfinished tasks move with what is left of their time, and nothing moves in a dry run`() async throws {
        try await Site.run([:]) { site, kefu in
            let file = try await OldService.make(
                in: kefu.child.folder, OldService.row("T1"),
                OldService.row(
                    "T2", hoursAgo: 10,
                    [
                        "status": "'pending'", "trigger_keyword": "NULL", "priority": "'urgent'", "max_retry": "1",
                        "trigger_keywords": #"'["\u53ef\u4ee5", "ok"]'"#, "timeout_hours": "48",
                    ]),
                OldService.row(
                    "T3",
                    ["action_type": "'send_file'", "action_file_url": "'https://x/f.zip'", "action_message": "NULL"]),
                OldService.row("T4", ["status": "'running'", "triggered_at": "'2026-01-01T00:00:00'"]),
                OldService.row("T5", ["status": "'completed'"]),
                OldService.row("T6", ["action_type": "'send_link'", "action_file_url": "'https://x/l'"]))
            let dry = try await kefu.kefu("import", file.path)
            #expect(dry.status == 0 && dry.output.contains("would send  5"), "\(dry.output)\(dry.complaints)")
            #expect(outcome(of: "T1", dry.output) == "would send")
            #expect(dry.output.contains("running: its action may have been sent already"))
            #expect(try await kefu.get("/api/task/stats").data["total"] == 0)

            let applied = try await kefu.kefu("import", file.path, "--apply")
            #expect(applied.status == 0 && applied.output.contains("accepted  5"), "\(applied.output)")
            #expect(try await kefu.get("/api/task/stats").data["total"] == 5)
            let second = try await kefu.status("T2")
            #expect(second["trigger_keywords"] == ["可以", "ok"] && second["priority"] == "urgent")
            #expect(second["max_retry"] == 1 && second["customer_name"] == "小明" && second["created_by"] == "设计师 lz")
            let left = try date(second["deadline_at"]).timeIntervalSinceNow / 3600
            #expect(left > 37.9 && left <= 38.01)
            #expect(try await kefu.status("T3")["action_file_url"] == "https://x/f.zip")
            #expect(try await kefu.status("T6")["action_url"] == "https://x/l")
            #expect(try await kefu.report(Tasks.said("好的", by: "c-T1")) == ["T1"])
        }
    }

    @Test func `what is there already, in whatever state, is not sent again`() async throws {
        try await Site.run([:]) { site, kefu in
            let rows = (1...5).map { OldService.row("T\($0)") }.joined(separator: "\n")
            let file = try await OldService.make(in: kefu.child.folder, rows)
            // As far as an interrupted run came.
            #expect(try await kefu.kefu("import", file.path, "--yes").status == 0)
            _ = try await kefu.report(Tasks.said("好的", by: "c-T1"))
            try await kefu.status("T1", is: "completed")
            #expect(try await kefu.cancel("T2").status == 200)
            try await file.run(OldService.row("T6") + "UPDATE tasks SET action_message = 'other' WHERE task_id = 'T3';")
            let again = try await kefu.kefu("import", file.path, "--apply", "--json")
            let lines = try again.output.split(separator: "\n").map { try JSON(String($0)) }
            let outcomes = Dictionary(uniqueKeysWithValues: lines.dropLast().map { ($0["task_id"].string ?? "", $0) })
            #expect(outcomes["T1"]?["outcome"] == "already there" && outcomes["T1"]?["note"] == "completed")
            #expect(outcomes["T2"]?["outcome"] == "already there" && outcomes["T2"]?["note"] == "cancelled")
            #expect(outcomes["T3"]?["outcome"] == "refused" && outcomes["T3"]?["field"] == "task_id")
            #expect(outcomes["T6"]?["outcome"] == "accepted")
            #expect(lines.last == ["summary": ["accepted": 1, "already there": 4, "refused": 1]])
            #expect(again.status == 1)
            #expect(try await kefu.status("T2")["status"] == "cancelled")
            #expect(try await kefu.status("T3")["action_message"] == "message of T3")
        }
    }

    @Test func `what cannot move is named with its reason, and the rest moves`() async throws {
        try await Site.run([:]) { site, kefu in
            let rows = [
                OldService.row("late", hoursAgo: 25), OldService.row("time", ["trigger_type": "'time_reach'"]),
                OldService.row("event", ["trigger_type": "'custom_event'"]), OldService.row("a b"),
                OldService.row("link", ["action_type": "'send_file'", "action_file_url": "'ftp://x'"]),
                OldService.row("date", ["created_at": "'gestern'"]), OldService.row("good"),
                OldService.row("list", ["trigger_keywords": "'好的'"]),
                OldService.row("bytes", ["action_message": "x'fffe'"]),
                OldService.row("cut", ["action_message": "'a' || char(0) || 'b'"]),
                OldService.row("state", ["status": "'paused'"]), OldService.row("hours", ["timeout_hours": "-1"]),
            ]
            let file = try await OldService.make(in: kefu.child.folder, rows.joined(separator: "\n"))
            let applied = try await kefu.kefu("import", file.path, "--apply")
            #expect(applied.status == 1)
            for (id, expected) in [
                ("late", "expired"), ("time", "cannot move"), ("event", "cannot move"), ("a b", "refused"),
                ("link", "refused"), ("date", "refused"), ("list", "refused"), ("bytes", "refused"),
                ("cut", "refused"), ("state", "refused"), ("hours", "refused"), ("good", "accepted"),
            ] { #expect(outcome(of: id, applied.output) == expected, "\(id)\n\(applied.output)") }
            for reason in [
                "trigger.time: the old table has no column", "action.file_url: must be", "task_id: must be",
                "action_message: holds bytes",
            ] { #expect(applied.output.contains(reason)) }
            #expect(try await kefu.get("/api/task/stats").data["total"] == 1)
            let asked = try await kefu.kefu("import", file.path, "--apply", "--expired", "0.5")
            #expect(outcome(of: "late", asked.output) == "accepted")
            #expect(try await kefu.status("late")["timeout_hours"] == 0.5)
        }
    }

    @Test func `many rows move in batches, also from a file that is being written, and one with an odd name`()
        async throws
    {
        try await Site.run([:]) { site, kefu in
            let rows = (1...450).map { OldService.row("T\($0)") }.joined(separator: "\n")
            let file = try await OldService.make(
                in: kefu.child.folder, named: "-odd 'name'.db", "PRAGMA journal_mode = WAL;", rows)
            let outcome = try await Child.run(
                "/bin/sh",
                [
                    "-c", "cd '\(kefu.child.folder)' && exec '\(try Instance.executable)' import --apply -- \"$0\"",
                    "-odd 'name'.db",
                ], environment: ["KEFU_URL": kefu.url])
            #expect(outcome.status == 0 && outcome.output.contains("accepted  450"), "\(outcome.complaints)")
            #expect(outcome.complaints.contains("450 of 450 rows"))
            #expect(try await kefu.get("/api/task/stats").data["total"] == 450)
            #expect(FileManager.default.fileExists(atPath: file.path))
        }
    }

    @Test func `a file that is none, a table that is none and a missing sqlite3 are told in one line`() async throws {
        try await Site.run([:]) { site, kefu in
            let folder = kefu.child.folder
            try "no database, but long enough to look like something".write(
                toFile: "\(folder)/text.db", atomically: true, encoding: .utf8)
            let other = OldService(path: "\(folder)/other.db")
            try await other.run("CREATE TABLE things (a);")
            let half = OldService(path: "\(folder)/half.db")
            try await half.run("CREATE TABLE tasks (task_id);")
            let good = try await OldService.make(in: folder, OldService.row("T1"))
            for (path, word) in [
                ("\(folder)/text.db", "not a database"), (other.path, "no table 'tasks'"),
                (half.path, "no column 'status'"), ("\(folder)/none.db", "no such file"), (folder, "is a folder"),
            ] {
                let outcome = try await kefu.kefu("import", path)
                #expect(outcome.status == 2 && outcome.output == "", "\(path)")
                #expect(outcome.complaints.contains(word) && outcome.complaints.count(where: \.isNewline) == 1)
            }
            let bare = try await Child.run(
                "/bin/sh", ["-c", "PATH=/nowhere exec '\(try Instance.executable)' import '\(good.path)'"],
                environment: ["KEFU_URL": kefu.url])
            #expect(bare.status == 2 && bare.complaints.contains("apt-get install sqlite3"))
            let nobody = try await kefu.kefu("import", good.path, settings: ["KEFU_URL": "http://127.0.0.1:1"])
            #expect(nobody.status == 2 && nobody.output == "")
        }
    }

    @Test func `an old file without the later columns moves, and says what it lacks`() async throws {
        try await Site.run([:]) { site, kefu in
            let old = OldService(path: "\(kefu.child.folder)/old.db")
            try await old.run(
                """
                CREATE TABLE tasks (task_id TEXT PRIMARY KEY, type TEXT, customer_id TEXT, trigger_type TEXT,
                  trigger_keyword TEXT, action_type TEXT, action_message TEXT, status TEXT, created_at TEXT);
                INSERT INTO tasks VALUES ('T1', 't', 'c', 'customer_reply', '好的', 'send_message', 'm', 'waiting',
                  '\(OldService.time(hoursAgo: 1))');
                """)
            let moved = try await kefu.kefu("import", old.path, "--apply")
            #expect(moved.status == 0 && moved.complaints.contains("made without: customer_name, "), "\(moved.output)")
            let left = try date(try await kefu.status("T1")["deadline_at"]).timeIntervalSinceNow / 3600
            #expect(left > 22.9 && left <= 23.01)
        }
    }

    @Test func `finished tasks are written to a file, as status shows tasks`() async throws {
        try await Site.run([:]) { site, kefu in
            let file = try await OldService.make(
                in: kefu.child.folder, OldService.row("open"),
                OldService.row(
                    "done",
                    [
                        "status": "'completed'", "created_at": "'2026-02-26T12:00:00.123456'", "result": "'{\"a\": 1}'",
                        "completed_at": "'2026-02-26 12:00:01'", "trigger_keywords": "'[\"好的\"]'",
                    ]),
                OldService.row("bad", ["status": "'failed'", "result": "'no json'", "error_message": "'超时'"]))
            let path = "\(kefu.child.folder)/finished.jsonl"
            _ = try await kefu.kefu("import", file.path, "--history", path)
            #expect(!FileManager.default.fileExists(atPath: path))
            let moved = try await kefu.kefu("import", file.path, "--history", path, "--apply")
            #expect(moved.status == 0 && moved.output.contains("finished  2"), "\(moved.output)\(moved.complaints)")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
                try JSON(String($0))
            }
            #expect(lines.map { $0["task_id"] } == ["done", "bad"])
            #expect(lines[0]["created_at"] == "2026-02-26T12:00:00.123+08:00" && lines[0]["result"] == ["a": 1])
            #expect(lines[0]["completed_at"] == "2026-02-26T12:00:01.000+08:00" && lines[0]["timeout_hours"] == 24)
            #expect(lines[0]["trigger_keywords"] == ["好的"] && lines[0]["triggered_at"] == nil)
            #expect(lines[1]["result"] == "no json" && lines[1]["error_message"] == "超时")
            let nowhere = try await kefu.kefu("import", file.path, "--history", "/nowhere/x", "--apply")
            #expect(nowhere.status == 2 && nowhere.complaints == "kefu: /nowhere/x cannot be written\n")
        }
    }
}
