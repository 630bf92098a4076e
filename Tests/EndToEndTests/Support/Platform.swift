import Foundation
import TestSupport
import Testing

/// A customer-service platform in Python (`Peers/chat_platform.py`, or with words of its own `Peers/shop_platform.py`):
/// another implementation of WebSocket, which Kefu connects to.
struct Platform: Sendable {
    let port: Int
    let child: Child
    private let isEncrypted: Bool

    var url: String { "\(isEncrypted ? "wss" : "ws")://127.0.0.1:\(port)/kefu?token=s3cret" }

    /// - Parameters:
    ///   - script: in `Peers/`: which words it has.
    ///   - tls: the files of a certificate and its key.
    static func run<Value>(
        _ script: String = "chat_platform", tls: (certificate: String, key: String)? = nil,
        _ body: (Platform) async throws -> Value
    ) async throws -> Value {
        let port = Ports.free()
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Peers/\(script).py").path
        let child = try await Child.start(
            "python3", [path, "\(port)", "in"] + (tls.map { [$0.certificate, $0.key] } ?? []))
        let platform = Platform(port: port, child: child, isEncrypted: tls != nil)
        let result: Result<Value, any Error>
        do {
            try await platform.tells("it listens") { $0["what"] == "listening" }
            result = .success(try await body(platform))
        } catch {
            result = .failure(NotMet(description: "\(error)\n\(child.complaints)\n\(child.output.suffix(2000))"))
        }
        try await child.dispose()
        return try result.get()
    }

    /// Everything it has told so far.
    var log: [JSON] {
        // The last line may be half written.
        child.output.split(separator: "\n").compactMap { try? JSON(String($0)) }
    }

    /// Waits until it has told something that fits.
    @discardableResult
    func tells(
        _ what: String, within limit: Duration = .seconds(20), where fits: (JSON) -> Bool
    ) async throws -> JSON {
        var found = JSON.null
        try await eventually(within: limit, what) {
            found = log.first(where: fits) ?? .null
            return found != .null
        }
        return found
    }

    /// The n-th connection, from 1.
    @discardableResult
    func opened(_ number: Int, within limit: Duration = .seconds(20)) async throws -> JSON {
        try await tells("connection \(number) opens", within: limit) {
            $0["what"] == "opened" && $0["number"].int == number
        }
    }

    func closed(_ number: Int) async throws -> JSON {
        try await tells("connection \(number) closes") { $0["what"] == "closed" && $0["number"].int == number }
    }

    /// Has it do something; the answer tells how it stands afterwards.
    @discardableResult
    func `do`(
        _ name: String, _ more: [String: JSON] = [:], within limit: Duration = .seconds(20)
    ) async throws -> JSON {
        let id = JSON.string(UUID().uuidString)
        let command = JSON.object(more.merging(["do": .string(name), "id": id]) { own, _ in own })
        let file = try #require(FileHandle(forWritingAtPath: "\(child.folder)/in"))
        try file.seekToEnd()
        try file.write(contentsOf: Data((command.text + "\n").utf8))
        try file.close()
        return try await tells("it has done \(name)", within: limit) { $0["what"] == "did" && $0["id"] == id }
    }

    /// Ends when Kefu has read the frames, but for those that have room on the way: as fast as it has them handled.
    func send(_ frames: [JSON], within limit: Duration = .seconds(20)) async throws {
        try await `do`("send", ["frames": .array(frames)], within: limit)
    }

    /// Waits until all that it sent is acknowledged.
    func isCaughtUp(within limit: Duration = .seconds(20)) async throws -> JSON {
        var state = JSON.null
        try await eventually(within: limit, "everything is acknowledged") {
            state = try await `do`("look")
            return state["unacknowledged"].int == 0
        }
        return state
    }

    /// What connections sent that were not the newest any more.
    var stale: [JSON] { log.filter { $0["what"] == "stale" } }
}
