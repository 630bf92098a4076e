import Foundation
import TestSupport
import Testing

/// What becomes of a task that is changed while it waits, through the whole of one instance.
@Suite(.timeLimit(.minutes(2)))
struct UpdateTests {
    private static let far: JSON = ["type": "time_reach", "time": "2999-01-01 09:00:00"]

    private func text(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    @Test func `a time that is moved nearer is met, and one that has passed fires at once`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("soon", trigger: Self.far, ["timeout_hours": 2]))
            try await kefu.accept(Tasks.message("past", trigger: Self.far))
            let soon = text(Date() + 1.5)
            let answer = try await kefu.post("/api/task/update", ["task_id": "soon", "time": .string(soon)])
            #expect(answer.status == 200 && answer.data["status"] == "waiting", "\(answer.body)")
            let time = try date(answer.data["trigger_time"])
            #expect(try date(answer.data["deadline_at"]) == time + 7_200)
            #expect(isTime(answer.data["updated_at"]))
            let past = try await kefu.post("/api/task/update", ["task_id": "past", "time": "2020-01-01 09:00:00"])
            #expect(past.status == 200 && isTime(past.data["triggered_at"]), "\(past.body)")
            #expect(try await kefu.status("past", is: "completed")["trigger_event"]["type"] == "time_reach")
            let fired = try await kefu.status("soon", is: "completed")
            #expect(try date(fired["triggered_at"]) >= time)
            #expect(try await site.gateway.requests(atLeast: 2).map { $0.json["task_id"] } == ["past", "soon"])
        }
    }

    @Test func `what is sent is the new message, in the order of the new priorities`() async throws {
        try await Site.run(["KEFU_CONCURRENCY": "1"]) { site, kefu in
            let gate = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: gate, .status(200)) : .status(200) }
            for id in ["first", "A", "B"] { try await kefu.accept(Tasks.message(id, customer: id)) }
            _ = try await kefu.report(Tasks.said("好的", by: "first"))
            _ = try await site.gateway.requests(atLeast: 1)
            let changed = try await kefu.kefu("update", "B", "--priority", "urgent", "--message", "新的 <b>内容</b>")
            #expect(changed.status == 0 && changed.output.hasPrefix("B  waiting  任务已更新\n"), "\(changed.complaints)")
            for id in ["A", "B"] { #expect(try await kefu.report(Tasks.said("好的", by: id)) == [id]) }
            let counted = try await kefu.get("/api/task/stats").data["by_priority"]
            #expect(counted == ["urgent": 1, "high": 0, "normal": 2])
            gate.open()
            let sent = try await site.gateway.requests(atLeast: 3).map(\.json)
            #expect(sent.map { $0["task_id"] } == ["first", "B", "A"])
            #expect(sent[1]["action"]["message"] == "新的 <b>内容</b>")
            try await kefu.status("A", is: "completed")
            // The same POST is still the same task.
            let again = try await kefu.post("/api/task/receive", Tasks.message("B", customer: "B"))
            #expect(again.data["duplicate"] == true && again.data["status"] == "completed")
        }
    }

    @Test func `a task that has fired or has no time is not changed`() async throws {
        try await Site.run([:]) { _, kefu in
            try await kefu.accept(Tasks.message("T1"))
            let untimed = try await kefu.post("/api/task/update", ["task_id": "T1", "time": "2999-01-01 09:00:00"])
            #expect(untimed.status == 400 && untimed.json["error"]["field"] == "time")
            _ = try await kefu.report(Tasks.said("好的"))
            // With its callback's delivery, which is the last thing that writes to it.
            try await kefu.status("T1", is: "completed")
            var before = JSON.null
            try await eventually("its callback is delivered") {
                before = try await kefu.status("T1")
                return before["callback_attempts"].elements.count == 1
            }
            let late = try await kefu.post("/api/task/update", ["task_id": "T1", "message": "改"])
            #expect(late.status == 409 && late.data["status"] == "completed")
            #expect(try await kefu.post("/api/task/update", ["task_id": "T9", "message": "改"]).status == 404)
            #expect(try await kefu.status("T1") == before)
            #expect(try await kefu.kefu("update", "T1", "--message", "改").status == 1)
        }
    }
}
