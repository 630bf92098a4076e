import Foundation
import Glibc
import Synchronization
import TestSupport

/// The instances of a chapter: one at each place, until it is killed and another one comes.
final class Fleet: Sendable {
    struct Member: Sendable {
        /// As the peers know it: the end of the paths that it calls.
        var name: String
        /// As Redis knows it.
        var id: String
        var instance: Instance
    }

    static let leaseMs: Int64 = 1000
    static let gatewayTimeoutMs = 1000

    private struct State {
        var members: [Member?]
        var started = 0
        var children: [Child] = []
    }

    private let folder: String
    private let settings: @Sendable (_ place: Int, _ name: String) -> [String: String]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - folder: where the instances' logs stay.
    ///   - settings: of the instance of this name at a place.
    init(places: Int, folder: String, settings: @escaping @Sendable (Int, String) -> [String: String]) {
        self.folder = folder
        self.settings = settings
        state = Mutex(State(members: Array(repeating: nil, count: places)))
    }

    /// One that may be dead or asleep: senders do not know.
    func member(at place: Int) -> Member? { state.withLock { $0.members[place % $0.members.count] } }

    var started: Int { state.withLock { $0.started } }

    /// Starts the next instance at a place.
    func start(at place: Int) async throws {
        let number = state.withLock { state in
            state.started += 1
            return state.started
        }
        let name = "i\(number)"
        let own = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let common = [
            "KEFU_LEASE_SECONDS": "\(Double(Self.leaseMs) / 1000)", "KEFU_CONCURRENCY": "16",
            "KEFU_GATEWAY_TIMEOUT_SECONDS": "\(Double(Self.gatewayTimeoutMs) / 1000)",
            "KEFU_RETRY_BASE_SECONDS": "0.05", "KEFU_SHUTDOWN_SECONDS": "5",
        ]
        let instance = try await Instance.start(common.merging(settings(place, name)) { $1 }, folder: own)
        let id = try await instance.get("/api/health/live").data["instance"].string ?? ""
        state.withLock { state in
            state.children.append(instance.child)
            state.members[place] = Member(name: name, id: id, instance: instance)
        }
    }

    /// Ends all with `SIGTERM`, wherever they are in their work.
    ///
    /// - Returns: what was wrong with how they ended.
    func stopAll() async throws -> [String] {
        var wrong: [String] = []
        for member in state.withLock({ $0.members }).compactMap(\.self) {
            member.instance.child.signal(SIGTERM)
        }
        for member in state.withLock({ $0.members }).compactMap(\.self) {
            let status = try await member.instance.child.end()
            if status != 0 { wrong.append("\(member.name) ended with status \(status) after SIGTERM") }
        }
        return wrong
    }

    /// Ends whatever still runs; logs stay.
    func close() async throws {
        for child in state.withLock({ $0.children }) {
            child.signal(SIGCONT)
            try await child.dispose(removing: false)
        }
    }

    /// How often a line with these words stands in the logs.
    func count(_ words: String) -> Int {
        state.withLock { $0.children }.reduce(0) { $0 + $1.complaints.components(separatedBy: words).count - 1 }
    }

    /// Lines of the logs that tell of a defect.
    var defects: [String] {
        state.withLock { $0.children }.flatMap { child in
            child.complaints.split(separator: "\n").filter {
                $0.contains("Fatal error") || $0.contains("Precondition") || $0.contains("defect(")
            }.map { String($0) }
        }
    }
}
