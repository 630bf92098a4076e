import TestSupport
import Testing

// Who may see what, and what holds when the connection does not.
extension DashboardTests {
    private static func token(_ role: String) -> String { "\(role)-0123456789abcdef" }

    private static let tokens = [
        "KEFU_API_TOKENS": ["tasks", "events", "read", "admin"].map { "天网-\($0):\($0):\(token($0))" }
            .joined(separator: ","),
        "HTTP_API_HOST": "127.0.0.1",
    ]

    private func accept(_ visit: Visit, _ role: String) async throws {
        try await visit.browser.write(Self.token(role), into: "#token")
        try await visit.browser.press(Browser.enter)
        try await visit.browser.lacks("dialog")
    }

    private func prepare(_ site: Site, _ kefu: Instance) async throws {
        let answer = try await kefu.post(
            "/api/task/receive", Tasks.message("T1"), headers: ["Authorization: Bearer \(Self.token("admin"))"])
        try #require(answer.status == 200)
    }

    @Test func `a token is asked for, a wrong one is refused with words, and it is forgotten at the end`() async throws
    {
        try await Visit.run(Self.tokens, at: "#/tasks", prepare: prepare) { visit in
            let browser = visit.browser
            try await browser.shows("#token-reason", "设有访问令牌")
            #expect(try await browser.count("nav, main > *, tr") == 0)
            try await browser.press(Browser.escape)
            try await browser.write("not-the-right-one-at-all", into: "#token")
            try await browser.press(Browser.enter)
            try await browser.shows("dialog .note.bad", "令牌无效")
            try await browser.picture("token")
            try await accept(visit, "admin")
            try await visit.row("T1", is: "waiting")
            try await browser.shows("#account", "天网-admin")
            try await visit.isLive()
            try await browser.reload()
            try await visit.row("T1", is: "waiting")
            #expect(try await browser.script("return localStorage.getItem('kefu.token')") == .null)
            try await browser.click("#account")
            try await browser.shows("#token")
            #expect(try await browser.count("tr") == 0)
            #expect(try await browser.script("return sessionStorage.getItem('kefu.token')") == .null)
        }
    }

    @Test(arguments: [
        ("tasks", ["现在", "任务", "失败", "试一试"], ["update", "cancel"]), ("read", ["现在", "任务", "失败"], []),
        ("admin", ["现在", "任务", "失败", "试一试"], ["fire", "update", "cancel"]),
    ])
    func `only what the role may do is shown`(role: String, views: [String], actions: [String]) async throws {
        try await Visit.run(Self.tokens, at: "#/task/T1", prepare: prepare) { visit in
            try await accept(visit, role)
            try await visit.browser.shows("#next", "等待")
            let shown = "return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility())"
            let links = try await visit.browser.script(
                "\(shown).map((one) => one.querySelector('span').innerText)", "nav a")
            #expect(links == .array(views.map { .string($0) }))
            let buttons = try await visit.browser.script("\(shown).map((one) => one.dataset.do)", "[data-do]")
            #expect(buttons == .array(actions.map { .string($0) }))
            try await visit.go("#/failures")
            try await visit.browser.shows(".empty", "没有失败的任务")
            #expect(try await visit.browser.count("#retry-all") == (role == "read" ? 0 : 1))
            try await visit.go("#/failures?show=callbacks")
            try await visit.browser.shows(".empty", "没有放弃的回调")
            #expect(try await visit.browser.count("#replay-all") == (role == "admin" ? 1 : 0))
        }
    }

    @Test func `whoever may only report events reports one, and sees nothing else`() async throws {
        try await Visit.run(Self.tokens, at: "#/now", prepare: prepare) { visit in
            let browser = visit.browser
            try await accept(visit, "events")
            try await browser.shows("#try-event")
            #expect(try await browser.count("#try-task, #link, nav a") == 1)
            try await browser.write("c1", into: "#try-event [name=customer]")
            try await browser.click("#try-event [type=submit]")
            try await browser.shows(".note.ok", "T1")
            #expect(try await browser.count(".note.ok a") == 0)
        }
    }

    @Test func `a lost connection is told, and what came meanwhile is shown when it is back`() async throws {
        try await Site.run([:]) { site, kefu in
            let proxy = try await FaultProxy.start(to: .tcp(port: kefu.port))
            for id in ["T1", "T2"] { try await kefu.accept(Tasks.message(id, customer: id)) }
            try await Browser.run { browser in
                let visit = Visit(site: site, kefu: kefu, browser: browser, address: "http://127.0.0.1:\(proxy.port)")
                try await browser.resize(1280, 900)
                try await visit.open("#/tasks")
                try await visit.row("T1", is: "waiting")
                try await visit.isLive()
                try await browser.script("window.samePage = 1")
                proxy.setWeather(.refusing)
                try await browser.shows("#link[data-state=lost]", "已断开")
                try await browser.shows("#banner", "连接已中断")
                try await browser.picture("lost")
                #expect(try await kefu.report(Tasks.said("好的", by: "T1")) == ["T1"])
                try await kefu.status("T1", is: "completed")
                #expect(try await browser.count("tr[data-task=T1][data-status=waiting]") == 1)
                proxy.setWeather(.clear)
                try await visit.isLive()
                try await browser.lacks("#banner")
                try await browser.shows("#toasts", "连接已恢复")
                try await visit.row("T1", is: "completed")
                _ = try await kefu.report(Tasks.said("好的", by: "T2"))
                try await visit.row("T2", is: "completed")
                #expect(try await browser.script("return window.samePage") == 1)
                #expect(try await visit.complaints() == [])
            }
            await proxy.stop()
        }
    }

    @Test func `what the server refuses for now is shown with its words and what to do`() async throws {
        try await Visit.run(at: "#/try") { visit in
            try await visit.browser.shows("#try-task")
            try await visit.site.redis.kill()
            try await eventually("it is missed") { try await visit.kefu.get("/api/health").status == 503 }
            try await visit.browser.click("#try-event [type=submit]")
            try await visit.browser.shows(".note.bad", "任务存储暂不可用")
            try await visit.browser.shows(".note.bad", "已接收的任务不会丢失")
        }
    }
}
