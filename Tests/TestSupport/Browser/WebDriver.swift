import Foundation

/// `chromedriver` on a loopback port: the W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/), JSON over HTTP.
/// Ends with its browser when the test ends, in whatever way: the browser hangs on a pipe of the driver's.
struct WebDriver: Sendable {
    /// What the browser refused, such as a click on what is not there.
    struct Refusal: Error, CustomStringConvertible {
        /// As the protocol calls it: `no such element`, `stale element reference` …
        var word: String
        var description: String
    }

    private let child: Child
    private let port: Int
    private let session: String

    /// Starts the driver and a headless Chromium on a profile of its own.
    ///
    /// `--no-sandbox`: the sandbox refuses root, as whom CI runs; what is shown comes from the test itself.
    /// `--disable-dev-shm-usage`: containers give little shared memory.
    static func start() async throws -> WebDriver {
        let port = Ports.free()
        let folder = try PrivateRedis.makeFolder()
        let child = try await Child.start(
            "/usr/bin/chromedriver", ["--port=\(port)"], environment: ["HOME": folder, "TMPDIR": folder], folder: folder
        )
        do {
            try await eventually("chromedriver listens on \(port)") {
                // Nobody listens yet.
                (try? await call(port, "GET", "/status"))?["ready"] == true
            }
            let arguments: JSON = [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--remote-debugging-pipe",
                "--force-color-profile=srgb", "--lang=zh-CN", .string("--user-data-dir=\(folder)/profile"),
            ]
            let wanted: JSON = [
                "browserName": "chrome", "goog:chromeOptions": ["args": arguments],
                "goog:loggingPrefs": ["browser": "ALL"],
            ]
            let session = try await call(port, "POST", "/session", ["capabilities": ["alwaysMatch": wanted]])
            guard let id = session["sessionId"].string else { throw NotMet(description: "no session: \(session.text)") }
            return WebDriver(child: child, port: port, session: id)
        } catch {
            try await child.dispose()
            throw error
        }
    }

    private init(child: Child, port: Int, session: String) {
        self.child = child
        self.port = port
        self.session = session
    }

    /// Ends the browser, then the driver.
    func stop() async throws {
        // The driver's own end ends the browser, too.
        _ = try? await Self.call(port, "DELETE", "/session/\(session)")
        try await child.dispose(removing: false)
        // A last process of the browser may still be writing into its profile.
        try await eventually("the folder of the browser is gone") {
            _ = try? FileManager.default.removeItem(atPath: child.folder)
            return !FileManager.default.fileExists(atPath: child.folder)
        }
    }

    /// A command of the session.
    ///
    /// - Returns: its `value`.
    @discardableResult
    func call(_ method: String, _ command: String, _ body: JSON = [:]) async throws -> JSON {
        try await Self.call(port, method, "/session/\(session)/\(command)", body)
    }

    private static func call(_ port: Int, _ method: String, _ path: String, _ body: JSON = [:]) async throws -> JSON {
        // The driver answers nobody who calls it by another name than this machine's.
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"]
        let content = method == "POST" ? Array(body.text.utf8) : []
        if method == "POST" { lines += ["Content-Type: application/json", "Content-Length: \(content.count)"] }
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + content
        guard let answer = try await Wire.exchange(port: port, bytes).answers.first else {
            throw NotMet(description: "chromedriver does not answer \(method) \(path)")
        }
        let value = answer.json["value"]
        if answer.status != 200 {
            throw Refusal(word: value["error"].string ?? "?", description: value["message"].string ?? answer.body)
        }
        return value
    }
}
