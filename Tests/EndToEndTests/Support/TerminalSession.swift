import Foundation
import TestSupport

/// A real terminal of a chosen size, kept by Debian's `tmux`: what a person at it would see, and keys that are pressed.
/// The server is a child of the test, so nothing of it outlives the test.
struct TerminalSession {
    private let server: Child

    /// The shell's home.
    var home: String { server.folder }

    private var socket: String { "\(server.folder)/t" }

    /// Runs `body` beside a shell in a terminal of that size.
    static func run(
        columns: Int, rows: Int, environment: [String: String], _ body: (TerminalSession) async throws -> Void
    ) async throws {
        let folder = try PrivateRedis.makeFolder()
        let plain = ["TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": folder]
        let server = try await Child.start(
            "/usr/bin/tmux", ["-D", "-u", "-f", "/dev/null", "-S", "\(folder)/t"],
            environment: plain.merging(environment) { $1 }, folder: folder)
        let session = TerminalSession(server: server)
        do {
            try await eventually("tmux listens") { FileManager.default.fileExists(atPath: session.socket) }
            try await session.tmux(
                "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)",
                // The shell that tmux starts it with forgets a prompt that it was given.
                "env PS1='ready> ' /bin/bash --norc --noprofile")
            try await eventually("a prompt") { try await session.screen.contains("ready>") }
            try await body(session)
            try await server.dispose()
        } catch {
            let last = (try? await session.screen.joined(separator: "\n")) ?? ""
            try await server.dispose()
            throw NotMet(description: "\(error)\n\(last)")
        }
    }

    @discardableResult
    private func tmux(_ arguments: String...) async throws -> String {
        let outcome = try await Child.run(
            "/usr/bin/tmux", ["-u", "-S", socket] + arguments, environment: ["LANG": "C.UTF-8"])
        guard outcome.status == 0 else { throw NotMet(description: "tmux \(arguments): \(outcome.complaints)") }
        return outcome.output
    }

    /// The rows as they are seen, without the blanks at their ends.
    var screen: [String] {
        get async throws {
            try await tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().map { String($0) }
        }
    }

    /// Waits until the screen holds the text.
    func shows(_ text: String) async throws {
        try await eventually("the terminal shows \(text)") { try await screen.contains { $0.contains(text) } }
    }

    /// Types a line.
    func type(_ line: String) async throws {
        try await tmux("send-keys", "-l", line)
        try await press("Enter")
    }

    /// By tmux's name: `q`, `C-c`, `Enter`.
    func press(_ key: String) async throws { try await tmux("send-keys", key) }

    func resize(columns: Int, rows: Int) async throws {
        try await tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
    }
}
