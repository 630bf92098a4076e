import Foundation
import TestSupport
import Testing

// What has failed, and how people send it again.
extension DashboardTests {
    @Test func `failed tasks are retried all at once, after their count was shown, and it says how it went`()
        async throws
    {
        try await Visit.run(at: "#/failures") { site, kefu in
            site.gateway.respond { _ in .status(422, body: "no such customer") }
            for n in 1...7 { try await kefu.accept(Tasks.message("T\(n)")) }
            try await kefu.accept(Tasks.message("LATE", customer: "c2", ["timeout_hours": 0.0001]))
            _ = try await kefu.report(Tasks.said("好的"))
            for n in 1...7 { try await kefu.status("T\(n)", is: "failed") }
            try await kefu.status("LATE", is: "failed")
        } _: { visit in
            let browser = visit.browser
            try await browser.shows(".searching", "共 8 个")
            #expect(try await browser.count("tr[data-task=LATE] button") == 0)
            try await browser.shows("#failed-count", "8")
            try await browser.picture("failures")
            visit.site.gateway.respond { _ in .status(200) }
            try await browser.click("tr[data-task=T1] .c-extra button")
            try await visit.row("T1", is: "completed")

            try await browser.click("#retry-all")
            try await browser.shows("dialog .big", "6")
            #expect(try await visit.kefu.status("T2")["status"] == "failed")
            try await browser.picture("retry-all")
            try await browser.click("dialog [type=submit]")
            try await browser.shows("#bulk-result", "成功 6，失败 0")
            try await browser.press(Browser.escape)
            try await browser.lacks("dialog")
            for n in 1...7 { try await visit.kefu.status("T\(n)", is: "completed") }
            try await browser.shows(".searching", "共 1 个")
            try await browser.shows("tr[data-task=LATE]", "等待超时")
        }
    }

    @Test func `a bulk retry names the tasks that were refused, and why`() async throws {
        try await Visit.run(at: "#/failures") { site, kefu in
            site.gateway.respond { _ in .status(422) }
            for n in 1...3 { try await kefu.accept(Tasks.message("T\(n)")) }
            _ = try await kefu.report(Tasks.said("好的"))
            for n in 1...3 { try await kefu.status("T\(n)", is: "failed") }
        } _: { visit in
            let browser = visit.browser
            try await browser.click("#retry-all")
            try await browser.shows("dialog .big", "3")
            #expect(try await visit.kefu.cancel("T2").status == 200)
            try await browser.click("dialog [type=submit]")
            try await browser.shows("#bulk-result", "成功 2，失败 1")
            try await browser.shows(".refused", "T2")
            try await browser.shows(".refused", "任务当前状态不允许重试")
        }
    }

    @Test func `a failed task's page tells every attempt and what to do, in plain words`() async throws {
        try await Visit.run(at: "#/task/T1") { site, kefu in
            site.gateway.respond { _ in .status(500, body: "out of order") }
            try await kefu.accept(Tasks.message("T1", ["max_retry": 1, "created_by": "设计师 lz"]))
            _ = try await kefu.report(Tasks.said("好的", ["event_id": "E-77"]))
            try await kefu.status("T1", is: "failed")
        } _: { visit in
            let browser = visit.browser
            try await browser.shows("#next", "重试用尽")
            try await browser.shows("#next", "网关恢复后点“重试”")
            for words in [
                "任务已接收", "设计师 lz", "客户的消息包含「好的」", "客户消息：「好的」", "E-77", "第 1 次发送失败", "第 2 次发送失败",
                "HTTP 500", "out of order", "任务失败",
            ] { try await browser.shows(".timeline", words) }
            try await browser.picture("task-failed")
            visit.site.gateway.respond { _ in .status(200) }
            try await browser.click("[data-do=retry]")
            try await browser.shows(".state .badge[data-status=completed]")
            try await browser.shows("#next", "无需处理")
            try await browser.shows(".timeline", "回调已送达（失败）")
            try await browser.shows(".timeline", "回调已送达（已完成）")
        }
    }

    @Test func `callbacks that were given up are replayed, one by one and all at once`() async throws {
        // A callback is given up after a day: here it pauses for an hour, and is moved as if the day had passed.
        try await Visit.run(["KEFU_RETRY_BASE_SECONDS": "3600"], at: "#/failures?show=callbacks") { site, kefu in
            site.receiver.respond { _ in .status(500, body: "not today") }
            for n in 1...3 { try await kefu.accept(Tasks.message("T\(n)")) }
            _ = try await kefu.report(Tasks.said("好的"))
            try await eventually("each was tried") {
                let pending = try await kefu.get("/api/callbacks").data["callbacks"].elements
                return pending.count == 3
                    && pending.allSatisfy { $0["attempts"] == 1 && $0["last_error"].string != nil }
            }
            let now = "\(Int(Date.now.timeIntervalSince1970 * 1000))"
            for callback in try await kefu.get("/api/callbacks").data["callbacks"].elements {
                let id = callback["callback_id"].string ?? ""
                for command in [["ZREM", "kefu:{0}:callbacks", id], ["ZADD", "kefu:{0}:callbacks:dead", now, id]] {
                    _ = try await site.redis.admin.command(command.map { .string($0) })
                }
            }
        } _: { visit in
            let browser = visit.browser
            try await browser.shows("tr[data-callback]", "500")
            #expect(try await browser.count("tr[data-callback]") == 3)
            try await browser.picture("callbacks")
            visit.site.receiver.respond { _ in .status(200) }
            try await browser.click("tr[data-callback] button")
            try await eventually("a row less") { try await browser.count("tr[data-callback]") == 2 }
            try await browser.click("#replay-all")
            try await browser.shows("dialog .big", "2")
            try await browser.click("dialog [type=submit]")
            try await browser.shows("#bulk-result", "成功 2，失败 0")
            try await browser.press(Browser.escape)
            try await browser.shows(".empty", "没有放弃的回调")
            #expect(try await visit.site.receiver.requests(atLeast: 6).count == 6)
        }
    }
}
