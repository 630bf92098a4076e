import TestSupport
import Testing

/// Somebody who looks at the dashboard of an instance.
struct Visit {
    let site: Site
    let kefu: Instance
    let browser: Browser
    /// What the browser calls: the instance, or a proxy before it.
    let address: String

    /// - Parameters:
    ///   - view: the hash of the address.
    ///   - proxied: whether ``proxy`` stands between browser and instance.
    ///   - prepare: what is there before the page is opened.
    static func run(
        _ settings: [String: String] = [:], at view: String = "#/now",
        prepare: (Site, Instance) async throws -> Void = { _, _ in }, _ body: (Visit) async throws -> Void
    ) async throws {
        try await Site.run(settings) { site, kefu in
            try await prepare(site, kefu)
            try await Browser.run { browser in
                let visit = Visit(site: site, kefu: kefu, browser: browser, address: kefu.url)
                try await browser.resize(1280, 900)
                try await visit.open(view)
                try await body(visit)
                #expect(try await visit.complaints() == [])
            }
        }
    }

    /// Loads the page, again when it says that not all of it came: Chromium breaks off what it loads, from this machine
    /// too, whenever a network interface comes or goes, as containers make them do.
    func open(_ view: String) async throws {
        for _ in 0..<5 {
            try await browser.open("\(address)/\(view)")
            let isWhole = try await browser.script("return document.querySelector('#banner button') === null") == true
            if isWhole { return }
        }
    }

    /// The address of another view: no new page, as when a link is followed.
    func go(_ view: String) async throws { try await browser.script("location.hash = arguments[0]", .string(view)) }

    /// Waits until the live stream is there: what happens from now on is seen.
    func isLive() async throws { try await browser.shows("#link[data-state=on]") }

    /// What the page said that it should not have: all but answers of the server that are no success.
    func complaints() async throws -> [String] {
        try await browser.console().filter { !$0.contains("Failed to load resource") && !$0.contains("net::ERR_") }
    }

    /// Waits until the task's row says that.
    func row(_ id: String, is status: String) async throws {
        try await browser.shows("tr[data-task='\(id)'][data-status=\(status)]")
    }
}
