import TestSupport
import Testing

/// The dashboard in a real browser, against a real instance: what people see of their tasks, and do with them. One
/// browser at a time: each takes more of the machine than everything else.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct DashboardTests {
    @Test func `tasks are found by id, customer, keyword, state and more`() async throws {
        let tasks: [JSON] = [
            Tasks.message("ORDER_1", customer: "alice", ["customer": ["id": "alice", "name": "爱丽丝"]]),
            Tasks.message("ORDER_2", customer: "bob", trigger: ["type": "customer_keyword", "keyword": "发票"]),
            Tasks.message("ORDER_3", customer: "bob", ["priority": "urgent", "created_by": "lz", "type": "greeting"]),
        ]
        try await Visit.run(at: "#/tasks") { _, kefu in
            for task in tasks { try await kefu.accept(task) }
            _ = try await kefu.cancel("ORDER_3")
        } _: { visit in
            let browser = visit.browser
            for id in ["ORDER_1", "ORDER_2", "ORDER_3"] { try await browser.shows("tr[data-task=\(id)]") }
            #expect(try await browser.text("tr[data-task=ORDER_1]").contains("爱丽丝"))
            let searches: [(field: String, text: String, found: [String])] = [
                ("#search", "ORDER_1", ["ORDER_1"]), ("#search", "发票", ["ORDER_2"]),
                ("#search", "message of", tasks.ids),
                ("[name=customer_id]", "bob", ["ORDER_3", "ORDER_2"]),
            ]
            for search in searches {
                try await visit.go("#/tasks")
                try await browser.shows("tr[data-task=ORDER_2]")
                try await browser.write(search.text, into: search.field)
                try await browser.press(Browser.enter)
                try await visit.finds(search.found)
            }
            for (query, found) in [
                ("status=cancelled", ["ORDER_3"]), ("priority=urgent", ["ORDER_3"]), ("created_by=lz", ["ORDER_3"]),
                ("type=greeting", ["ORDER_3"]), ("customer_id=bob&status=waiting", ["ORDER_2"]),
            ] {
                try await visit.go("#/tasks?\(query)")
                try await visit.finds(found)
            }
            try await visit.go("#/tasks?q=nothing-like-it")
            try await browser.shows(".empty", "没有符合条件的任务")
            try await visit.go("#/tasks")
            try await browser.shows("tr[data-task=ORDER_2]")
            try await browser.picture("tasks")
        }
    }

    @Test func `many tasks come page by page, and a rare one is found far back`() async throws {
        try await Visit.run(at: "#/tasks") { _, kefu in
            try await kefu.accept(Tasks.message("OLD", ["type": "rare"]))
            for batch in 0..<3 {
                let more = (0..<500).map { Tasks.message("N\(batch * 500 + $0)", customer: "c\($0)") }
                let answer = try await kefu.post("/api/task/receive/batch", .array(more))
                try #require(answer.status == 200)
            }
        } _: { visit in
            try await visit.browser.shows("#more")
            #expect(try await visit.browser.count("tbody tr") == 50)
            try await visit.browser.click("#more")
            try await eventually("another page") { try await visit.browser.count("tbody tr") == 100 }
            try await visit.go("#/tasks?type=rare")
            try await visit.finds(["OLD"])
        }
    }

    @Test func `an event that comes by HTTP changes the row and the task's page without a reload`() async throws {
        try await Visit.run(at: "#/tasks") { _, kefu in
            try await kefu.accept(Tasks.message("T1"))
            try await kefu.accept(Tasks.message("T2", customer: "c2"))
        } _: { visit in
            let browser = visit.browser
            try await visit.isLive()
            try await visit.row("T1", is: "waiting")
            try await browser.script("window.samePage = 1")
            #expect(try await visit.kefu.report(Tasks.said("好的，谢谢")) == ["T1"])
            try await visit.row("T1", is: "completed")
            try await browser.shows("tr[data-task=T1] .badge", "已完成")
            #expect(try await browser.count("tr[data-task=T2][data-status=waiting]") == 1)
            try await visit.kefu.accept(Tasks.message("T3"))
            try await browser.shows(".fresh-note", "1")

            try await browser.click("tr[data-task=T2] .c-task a")
            try await browser.shows("#next", "等待：客户的消息包含「好的」")
            _ = try await visit.kefu.report(Tasks.said("好的", by: "c2"))
            try await browser.shows(".state .badge[data-status=completed]")
            try await browser.shows(".timeline", "客户消息：「好的」")
            #expect(try await browser.script("return window.samePage") == 1)
        }
    }

    @Test func `a task is changed, fired and cancelled from its page`() async throws {
        try await Visit.run(at: "#/task/T1") { _, kefu in
            try await kefu.accept(Tasks.message("T1"))
            try await kefu.accept(Tasks.message("T2"))
        } _: { visit in
            let browser = visit.browser
            try await browser.click("[data-do=update]")
            try await browser.write("换成这一句", into: "dialog [name=message]")
            try await browser.click("dialog option[value=urgent]")
            try await browser.write("48", into: "dialog [name=timeout_hours]")
            try await browser.picture("change")
            try await browser.click("dialog [type=submit]")
            try await browser.lacks("dialog")
            try await browser.shows(".facts", "换成这一句")
            let changed = try await visit.kefu.status("T1")
            #expect(changed["priority"] == "urgent" && changed["timeout_hours"] == 48)
            try await browser.click("[data-do=fire]")
            try await browser.click("dialog [type=submit]")
            try await browser.shows(".state .badge[data-status=completed]")
            try await browser.shows(".timeline", "手动触发")
            #expect(try await visit.site.gateway.requests(atLeast: 1)[0].json["action"]["message"] == "换成这一句")
            #expect(try await browser.count("[data-do]") == 0)

            try await visit.go("#/task/T2")
            try await browser.click("[data-do=cancel]")
            try await browser.press(Browser.escape)
            try await browser.lacks("dialog")
            #expect(try await visit.kefu.status("T2")["status"] == "waiting")
            try await browser.click("[data-do=cancel]")
            try await browser.write("客户已退款", into: "dialog [name=reason]")
            try await browser.click("dialog [type=submit]")
            try await browser.shows(".state .badge[data-status=cancelled]")
            try await browser.shows(".timeline", "客户已退款")
            #expect(try await visit.kefu.status("T2")["cancel_reason"] == "客户已退款")
            try await visit.go("#/task/nobody")
            try await browser.shows(".empty", "没有这个任务")
        }
    }

    @Test func `a test task and a test event are sent from the page, and what becomes of them is seen`() async throws {
        try await Visit.run(at: "#/try") { visit in
            let browser = visit.browser
            try await visit.isLive()
            try await browser.write("TRY_1", into: "#try-task [name=task_id]")
            try await browser.click("#try-task [type=submit]")
            try await browser.shows("[aria-labelledby=try-task-title] .note.ok", "TRY_1")
            try await browser.click("#try-event [type=submit]")
            try await browser.shows("[aria-labelledby=try-event-title] .note.ok", "TRY_1")
            try await browser.shows("[aria-labelledby=try-task-title] .badge[data-status=completed]")
            try await browser.picture("try")
            try await browser.write("坏 编号", into: "#try-task [name=task_id]")
            try await browser.click("#try-task [type=submit]")
            try await browser.shows(".note.bad", "task_id")
            try await visit.go("#/now")
            try await browser.shows("[data-rate=completed] .tile-value", "1")
            try await browser.shows(".feed", "TRY_1")
            try await browser.shows("figure svg[role=img]")
            try await browser.picture("now")
        }
    }
}

extension Visit {
    /// Waits until the list is at its end and shows these, in this order.
    func finds(_ ids: [String]) async throws {
        let wanted = JSON.array(ids.map { .string($0) })
        let script = """
            if (!/末尾/.test(document.querySelector('.below')?.innerText)) return null;
            return [...document.querySelectorAll('tbody tr')].map((one) => one.dataset.task)
            """
        var found = JSON.null
        do {
            try await eventually("the list") {
                found = try await browser.script(script)
                return found == wanted
            }
        } catch { throw NotMet(description: "found \(found.text), not \(wanted.text)") }
    }
}

extension [JSON] {
    /// Newest first.
    fileprivate var ids: [String] { reversed().compactMap { $0["task_id"].string } }
}
