import KefuCore
import Testing

@testable import kefu

struct MigrationTests {
    /// 2026-02-27 09:00:00 in Shanghai.
    private static let now: Int64 = 1_772_154_000_000

    private func migration(expired: Double? = nil) throws -> Migration {
        let times = try #require(TimeZoneRules(name: "Asia/Shanghai"))
        return Migration(
            times: times, reader: RequestReader(timeZone: times, eventLog: .seconds(60)), nowMs: Self.now,
            hoursForExpired: expired)
    }

    private func task(_ cells: [String: String?] = [:]) -> OldTask {
        let usual: [String: String?] = [
            "row": "1", "task_id": "T1", "type": "send", "customer_id": "c1", "trigger_type": "customer_reply",
            "trigger_keyword": "好的", "action_type": "send_message", "action_message": "您好", "status": "waiting",
            "created_at": "2026-02-27T08:00:00.500000", "timeout_hours": "24",
        ]
        return OldTask(cells: usual.merging(cells) { $1 }.compactMapValues { $0 })
    }

    @Test(arguments: [
        ("2026-02-27T09:00:00", 0), ("2026-02-27T09:00:00.123456", 123), ("2026-02-27 09:00:00.5", 500),
        ("2026-02-27 09:00:00", 0), ("2026-02-27T01:00:00+00:00", 0), ("2026-02-27T01:00:00.25Z", 250),
        ("2026-02-27", nil), ("2026-02-27T09:00:00.", nil), ("2026-02-27T09:00:00.1.2", nil), ("gestern", nil),
        ("2026-02-30T09:00:00", nil), ("", nil),
    ])
    func `times are read as Python wrote them`(text: String, laterBy: Int64?) throws {
        #expect(try migration().epochMs(text) == laterBy.map { Self.now + $0 })
    }

    @Test func `the body is the contract's, with what is left of the time`() throws {
        let body =
            #"{"task_id":"T1","type":"send","customer":{"id":"c1"},"#
            + #""trigger":{"type":"customer_reply","keyword":"好的"},"#
            + #""action":{"type":"send_message","message":"您好"},"timeout_hours":23.001}"#
        #expect(
            try migration().decide(task()) == .send(body: Array(body.utf8), hours: 23.001, remark: nil))
    }

    @Test func `the last moments are left, and what is over is over unless it is given more`() throws {
        guard case .send(_, let hours, _) = try migration().decide(task(["timeout_hours": "1"])) else {
            Issue.record("half a second is left")
            return
        }
        #expect(hours == 0.001)
        let over = task(["timeout_hours": "0.5"])
        guard case .expired(let ago) = try migration().decide(over) else {
            Issue.record("it is over")
            return
        }
        #expect(ago > 0.49 && ago < 0.5)
        guard case .send(_, 2, _) = try migration(expired: 2).decide(over) else {
            Issue.record("it was given two hours")
            return
        }
    }

    @Test(arguments: [
        (["status": "done"], "status"), (["status": nil], "status"), (["created_at": nil], "created_at"),
        (["timeout_hours": "viel"], "timeout_hours"), (["timeout_hours": "0"], "timeout_hours"),
        (["timeout_hours": "Inf"], "timeout_hours"), (["timeout_hours": "9000"], "timeout_hours"),
        (["trigger_keywords": "[1]"], "trigger.keywords"), (["trigger_keywords": "{}"], "trigger.keywords"),
        (["max_retry": "99"], "max_retry"), (["max_retry": "viele"], "max_retry"),
        (["customer_id": nil], "customer.id"),
        (["action_message": nil], "action.message"), (["action_message": "a\u{FFFD}"], "action_message"),
        (["trigger_type": "telepathy"], "trigger.type"), (["priority": "low"], "priority"),
    ])
    func `what the contract does not take is refused by its field`(cells: [String: String?], field: String) throws {
        guard case .refused(field, _) = try migration().decide(task(cells)) else {
            Issue.record("\(try migration().decide(task(cells)))")
            return
        }
    }

    @Test(arguments: [(24, "24"), (0.5, "0.5"), (0.001, "0.001"), (23.0005, "23.001"), (1.25, "1.25")])
    func `hours are written with three digits at most`(hours: Double, text: String) {
        #expect(Migration.text(hours: hours) == text)
    }
}
