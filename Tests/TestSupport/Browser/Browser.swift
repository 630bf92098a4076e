import Foundation

/// A headless Chromium of one test. What it is told to do waits until that can be done, as a person would.
package struct Browser: Sendable {
    /// Where ``picture(_:)`` puts what it takes; git ignores it.
    package static let pictures = ".build/screenshots"

    private let driver: WebDriver

    /// Starts one, and ends it with the body. An error comes with what the page showed.
    package static func run<Value>(_ body: (Browser) async throws -> Value) async throws -> Value {
        let driver = try await WebDriver.start()
        let result: Result<Value, any Error>
        do {
            let browser = Browser(driver: driver)
            do { result = .success(try await body(browser)) } catch {
                result = .failure(await browser.explained(error))
            }
        }
        try await driver.stop()
        return try result.get()
    }

    private func explained(_ error: any Error) async -> any Error {
        // A browser that cannot tell any more is told of by the error itself.
        let page = try? await script("return location.hash + '\\n' + document.body.innerText.slice(0, 1500)").string
        let log = try? await console().joined(separator: "\n")
        return NotMet(description: "\(error)\n--- the page\n\(page ?? "?")\n--- its console\n\(log ?? "?")")
    }

    // MARK: Going

    package func open(_ address: String) async throws {
        try await driver.call("POST", "url", ["url": .string(address)])
    }

    package func reload() async throws { try await driver.call("POST", "refresh") }

    /// Makes the page as wide and high as that, in CSS pixels; below 500 it takes itself for a phone.
    package func resize(_ width: Int, _ height: Int) async throws {
        try await devTools(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": 1,
                "mobile": .bool(width < 500),
            ])
    }

    // MARK: Doing

    package func click(_ selector: String) async throws {
        try await act(on: selector, "is clicked") { try await driver.call("POST", "element/\($0)/click") }
    }

    /// Writes in the place of what stands there.
    package func write(_ text: String, into selector: String) async throws {
        try await act(on: selector, "is written into") { element in
            try await driver.call("POST", "element/\(element)/clear")
            try await driver.call("POST", "element/\(element)/value", ["text": .string(text)])
        }
    }

    /// Presses a key wherever the focus is. What is no letter: https://www.w3.org/TR/webdriver2/#keyboard-actions
    package func press(_ key: String) async throws {
        let strokes: JSON = [
            ["type": "keyDown", "value": .string(key)], ["type": "keyUp", "value": .string(key)],
        ]
        try await driver.call("POST", "actions", ["actions": [["type": "key", "id": "keyboard", "actions": strokes]]])
    }

    package static let escape = "\u{E00C}"
    package static let enter = "\u{E007}"
    package static let tab = "\u{E004}"

    private func act(on selector: String, _ what: String, _ act: (String) async throws -> Void) async throws {
        var last = ""
        do {
            try await eventually("\(selector) \(what)") {
                do {
                    let found = try await driver.call(
                        "POST", "element", ["using": "css selector", "value": .string(selector)])
                    guard let element = found.members.values.first?.string else { return false }
                    try await act(element)
                    return true
                } catch let refusal as WebDriver.Refusal {
                    // Not there yet, covered, or replaced meanwhile.
                    last = "\(refusal)"
                    return false
                }
            }
        } catch let error as NotMet {
            throw NotMet(description: "\(error): \(last)")
        }
    }

    // MARK: Looking

    /// Runs a script's body in the page; `arguments` are its arguments.
    @discardableResult
    package func script(_ body: String, _ arguments: JSON...) async throws -> JSON {
        try await driver.call("POST", "execute/sync", ["script": .string(body), "args": .array(arguments)])
    }

    /// The text of all elements that the selector finds, as it is seen.
    package func text(_ selector: String) async throws -> String {
        try await script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText).join('\\n')",
            .string(selector)
        ).string ?? ""
    }

    /// How many elements there are that are seen.
    package func count(_ selector: String) async throws -> Int {
        try await script(
            "return [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility()).length",
            .string(selector)
        ).int ?? 0
    }

    /// Waits until it is seen, with that text in it.
    package func shows(_ selector: String, _ text: String = "", within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, "\(selector) shows '\(text)'") {
            guard try await count(selector) > 0 else { return false }
            if text.isEmpty { return true }
            return try await self.text(selector).contains(text)
        }
    }

    /// Waits until it is not seen any more.
    package func lacks(_ selector: String) async throws {
        try await eventually("\(selector) is gone") { try await count(selector) == 0 }
    }

    /// What the page said on its console: errors of scripts and what the Content-Security-Policy forbade among them.
    package func console() async throws -> [String] {
        try await driver.call("POST", "se/log", ["type": "browser"]).elements.compactMap { $0["message"].string }
    }

    /// A command of the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/).
    @discardableResult
    package func devTools(_ command: String, _ parameters: JSON = [:]) async throws -> JSON {
        try await driver.call("POST", "goog/cdp/execute", ["cmd": .string(command), "params": parameters])
    }

    /// Takes a picture for people, ``pictures``/<name>.png.
    package func picture(_ name: String) async throws {
        let data = try await driver.call("GET", "screenshot").string.flatMap { Data(base64Encoded: $0) }
        guard let data else { throw NotMet(description: "no picture") }
        try FileManager.default.createDirectory(atPath: Self.pictures, withIntermediateDirectories: true)
        try data.write(to: URL(fileURLWithPath: "\(Self.pictures)/\(name).png"))
    }
}
