import TestSupport
import Testing

// How it looks and reads, to every eye and ear.
extension DashboardTests {
    private static let views = ["#/now", "#/tasks", "#/task/T1", "#/failures", "#/failures?show=callbacks", "#/try"]

    /// Something of everything, all of it long.
    private func furnish(_ site: Site, _ kefu: Instance) async throws {
        site.gateway.respond { _ in .status(422, body: String(repeating: "拒绝", count: 60)) }
        let long = String(repeating: "x", count: 100)
        let task = Tasks.message(
            "T1",
            ["customer": ["id": "c1", "name": .string(String(repeating: "名", count: 100))], "type": "long-label"])
        try await kefu.accept(task)
        try await kefu.accept(Tasks.message("W-\(long)", customer: "customer-\(long)", ["priority": "urgent"]))
        try await kefu.accept(Tasks.message("T3", customer: "c3", ["priority": "high"]))
        _ = try await kefu.report(Tasks.said(String(repeating: "好的", count: 200)))
        try await kefu.status("T1", is: "failed")
    }

    private func settled(_ visit: Visit, _ view: String) async throws {
        try await visit.go(view)
        try await visit.browser.shows("h1")
        try await visit.browser.lacks(".placeholder")
        try await visit.browser.lacks(".spin")
    }

    @Test func `hostile text is shown as the text it is, and nothing of it runs`() async throws {
        let script = "<script>window.hacked = 1</script>"
        let image = #""><img src=x onerror="window.hacked = 2">"#
        try await Visit.run(at: "#/tasks") { site, kefu in
            site.gateway.respond { _ in .status(422, body: script + image) }
            try await kefu.accept(
                Tasks.message(
                    "T1", trigger: ["type": "customer_reply", "keyword": .string(image)],
                    [
                        "customer": ["id": "c1", "name": .string(script)],
                        "type": .string("<b>\(image)".prefix(60).description),
                        "created_by": .string(image),
                        "action": ["type": "send_message", "message": .string(script + image)],
                    ]))
            try await kefu.accept(
                Tasks.message(
                    "T2", customer: "<svg/onload=alert(1)>",
                    ["customer": ["id": "<svg/onload=alert(1)>", "name": "\u{202E}abc"]]))
            try await kefu.accept(
                Tasks.message(
                    "javascript:alert(1)",
                    ["action": ["type": "send_link", "url": "http://example.com/'onmouseover='alert(1)"]]))
            _ = try await kefu.report(Tasks.said(image))
            try await kefu.status("T1", is: "failed")
        } _: { visit in
            let browser = visit.browser
            try await browser.shows("tr[data-task=T1] .c-customer", script)
            try await browser.shows("tr[data-task=T1] .c-words", image)
            try await browser.picture("hostile")
            for view in [
                "#/task/T1", "#/task/T2", "#/task/javascript%3Aalert(1)", "#/failures", "#/now", "#/task/\(image)",
            ] {
                try await settled(visit, view.replacing("\"", with: "%22"))
                let odd = try await browser.script(
                    """
                    return [window.hacked ?? null, document.querySelectorAll('main img, main script, main b b').length,
                      [...document.querySelectorAll('a[href]')]
                        .filter((one) => !/^(#|https?:)/.test(one.getAttribute('href'))).length]
                    """)
                #expect(odd == [.null, 0, 0], "\(view)")
            }
            try await visit.go("#/task/T1")
            try await browser.shows(".facts", script + image)
            try await browser.shows(".timeline", image)
        }
    }

    @Test func `language and colours change at a click and are remembered`() async throws {
        try await Visit.run(at: "#/now", prepare: furnish) { visit in
            let browser = visit.browser
            try await browser.shows("h1", "现在")
            try await browser.click("#language")
            try await browser.shows("h1", "Now")
            try await browser.shows("nav", "Failures")
            #expect(try await browser.script("return document.documentElement.lang") == "en")
            try await browser.devTools(
                "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": "dark"]]])
            let theme = "return document.documentElement.dataset.theme"
            try await eventually("dark, as the system") { try await browser.script(theme) == "dark" }
            try await browser.picture("now-dark-english")
            try await browser.click("#theme")
            #expect(try await browser.script(theme) == "light")
            try await browser.click("#theme")
            #expect(try await browser.script(theme) == "dark")
            try await browser.reload()
            try await browser.shows("h1", "Now")
            #expect(try await browser.script(theme) == "dark")
            for view in Self.views {
                try await settled(visit, view)
                let chinese = try await browser.script(
                    "return [...document.querySelectorAll('h1, h2, label, button, th, summary')].map((one) => one.innerText)"
                )
                #expect(
                    chinese.elements.allSatisfy { !($0.string ?? "").contains(/[一-龥]/.ignoresCase()) || $0 == "中文" })
            }
        }
    }

    @Test func `on a phone nothing is wider than the screen`() async throws {
        try await Visit.run(at: "#/now", prepare: furnish) { visit in
            try await visit.browser.resize(360, 740)
            for (index, view) in Self.views.enumerated() {
                try await settled(visit, view)
                let widest = try await visit.browser.script(
                    """
                    return [...document.querySelectorAll('body *')].filter((one) => one.checkVisibility()
                      && one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll, pre, .skip'))
                      .map((one) => one.outerHTML.slice(0, 200))
                      .concat(document.documentElement.scrollWidth > innerWidth ? ['page'] : [])
                    """)
                #expect(widest == [], "\(view)")
                try await visit.browser.picture("phone-\(index)")
            }
            let small = try await visit.browser.script(
                """
                return [...document.querySelectorAll('nav a, main button, main input, main select')]
                  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 30).length
                """)
            #expect(small == 0)
        }
    }

    @Test func `every control has a name, every view its landmarks and one heading`() async throws {
        try await Visit.run(at: "#/now", prepare: furnish) { visit in
            let browser = visit.browser
            try await browser.devTools("Accessibility.enable")
            for view in Self.views {
                try await settled(visit, view)
                let nodes = try await browser.devTools("Accessibility.getFullAXTree")["nodes"].elements
                let seen = nodes.filter { $0["ignored"] != true }
                    .map { (role: $0["role"]["value"].string ?? "", name: $0["name"]["value"].string ?? "") }
                let named = [
                    "button", "link", "textbox", "searchbox", "combobox", "image", "table", "navigation",
                    "switch",
                ]
                let silent = seen.filter { named.contains($0.role) && $0.name.allSatisfy(\.isWhitespace) }
                #expect(silent.map(\.role) == [], "\(view)")
                let roles = Set(seen.map(\.role))
                #expect(roles.isSuperset(of: ["banner", "navigation", "main", "heading"]), "\(view)")
                #expect(try await browser.count("h1") == 1, "\(view)")
                if view == "#/tasks" {
                    #expect(roles.isSuperset(of: ["table", "row", "columnheader", "rowheader", "cell", "search"]))
                }
            }
        }
    }

    @Test(arguments: ["light", "dark"])
    func `all text stands out from its ground`(theme: String) async throws {
        try await Visit.run(at: "#/now", prepare: furnish) { visit in
            try await visit.browser.script("kefuLook.keep('theme', arguments[0])", .string(theme))
            for (index, view) in Self.views.enumerated() {
                try await settled(visit, view)
                try await visit.browser.picture("\(theme)-\(index)")
                let faint = try await visit.browser.script(Self.faintTexts)
                #expect(faint == [], "\(view)")
            }
        }
    }

    /// Texts whose contrast (WCAG 2.2, 1.4.3) is below 4.5.
    private static let faintTexts = """
        const rgb = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
        const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, part, n) => {
          const v = c[n] / 255; return sum + part * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
        const ground = (one) => { for (let e = one; e; e = e.parentElement) {
          const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0.99) return c; } return [255, 255, 255, 1]; };
        const found = [];
        for (const one of document.querySelectorAll('body *')) {
          if (!one.checkVisibility() || one.closest('svg, .unseen, .skip, :disabled')) continue;
          if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
          const style = getComputedStyle(one), back = ground(one), c = rgb(style.color);
          let see = c[3]; for (let e = one; e; e = e.parentElement) see *= Number(getComputedStyle(e).opacity);
          const fore = [0, 1, 2].map((n) => c[n] * see + back[n] * (1 - see));
          const [a, b] = [light(fore), light(back)].sort((x, y) => y - x);
          if ((a + 0.05) / (b + 0.05) < 4.5) found.push(one.className + ': ' + one.innerText.slice(0, 40));
        }
        return found
        """

    @Test func `the keyboard reaches everything`() async throws {
        try await Visit.run(at: "#/now", prepare: furnish) { visit in
            let browser = visit.browser
            try await browser.shows("h1")
            try await browser.press("/")
            try await eventually("the search has the focus") {
                try await browser.script("return document.activeElement.id") == "search"
            }
            try await browser.press("4")
            #expect(try await browser.script("return document.activeElement.value") == "4")
            try await browser.press(Browser.escape)
            try await browser.press("4")
            try await browser.shows("#try-task")
            try await eventually("the heading has the focus") {
                try await browser.script("return document.activeElement.tagName") == "H1"
            }
            try await browser.press("?")
            try await browser.shows("dialog", "键盘快捷键")
            try await browser.click("dialog [type=checkbox]")
            try await browser.press(Browser.enter)
            try await browser.lacks("dialog")
            try await browser.press("1")
            #expect(try await browser.script("return location.hash") == "#/try")
            try await browser.reload()
            try await browser.shows("#try-task")
            try await browser.press(Browser.tab)
            #expect(
                try await browser.script(
                    "return document.activeElement.outerHTML.includes('skip') || document.activeElement.matches('#try-task *')"
                ) == true)
        }
    }
}
