import Foundation
import Glibc
import TestSupport
import Testing

/// One connection for all instances: who holds it, and how it changes hands.
@Suite(.timeLimit(.minutes(3)))
struct ConnectorHandoverTests {
    private static let lease = 1.0

    private static func settings(_ platform: Platform) -> [String: String] {
        [
            "KEFU_CONNECTOR_URL": platform.url, "KEFU_CONNECTOR_LEASE_SECONDS": "\(lease)",
            "KEFU_LEASE_SECONDS": "1", "KEFU_GATEWAY_TIMEOUT_SECONDS": "5",
        ]
    }

    /// The instance that Redis says holds the connection.
    private static func holder(_ site: Site, among instances: [Instance]) async throws -> Instance? {
        let owner = try await site.redis.answer("HGET", "kefu:{0}:connector", "owner").text
        return instances.first { instance in owner?.contains("-\(instance.child.pid)-") == true }
    }

    private static func three(_ site: Site, _ settings: [String: String]) async throws -> [Instance] {
        var instances: [Instance] = []
        for _ in 0..<3 { instances.append(try await site.start(settings)) }
        return instances
    }

    @Test func `of three instances one is connected, and when it is killed another is within the lease`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                let instances = try await Self.three(site, Self.settings(platform))
                try await platform.opened(1)
                let first = try #require(try await Self.holder(site, among: instances))
                let killedAt = Date()
                try await first.child.kill9()
                let opened = try await platform.opened(2)
                guard case .number(let at) = opened["at"] else { throw NotMet(description: "no time") }
                let seconds = at - killedAt.timeIntervalSince1970
                print("handed over \(seconds) s after kill -9, with a lease of \(Self.lease) s")
                #expect(opened["open"] == 1)
                let tokens = platform.log.filter { $0["what"] == "opened" }.compactMap {
                    $0["headers"]["x-kefu-fencing-token"].string.flatMap { Int($0) }
                }
                #expect(tokens.count == 2 && tokens[0] < tokens[1])
            }
        }
    }

    @Test func `an instance that is told to stop hands the connection over at once`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                // So long that nobody waits it out.
                let settings = Self.settings(platform).merging(["KEFU_CONNECTOR_LEASE_SECONDS": "60"]) { $1 }
                let instances = try await Self.three(site, settings)
                try await platform.opened(1)
                let first = try #require(try await Self.holder(site, among: instances))
                first.child.signal(SIGTERM)
                #expect(try await first.child.end() == 0)
                #expect(try await platform.closed(1)["code"] == 1001)
                let (closed, opened) = (try await platform.closed(1)["at"], try await platform.opened(2)["at"])
                guard case .number(let from) = closed, case .number(let to) = opened else {
                    throw NotMet(description: "no times")
                }
                print("handed over \(to - from) s after SIGTERM's close frame")
                #expect(platform.log.filter { $0["what"] == "opened" }.allSatisfy { $0["open"] == 1 })
            }
        }
    }

    @Test func `a holder that stands still and wakes says nothing more`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                let instances = try await Self.three(site, Self.settings(platform))
                try await platform.opened(1)
                let first = try #require(try await Self.holder(site, among: instances))
                first.child.signal(SIGSTOP)
                // What the sleeper's socket holds, and what the next one gets.
                try await platform.send((1...20).map { Tasks.said("x", ["event_id": "e\($0)"]) })
                try await platform.opened(2)
                first.child.signal(SIGCONT)
                try await platform.send((21...40).map { Tasks.said("x", ["event_id": "e\($0)"]) })
                _ = try await platform.isCaughtUp()
                try await platform.tells("the first connection ends") { $0["what"] == "closed" && $0["number"] == 1 }
                #expect(platform.stale == [])
            }
        }
    }

    @Test func `holders are killed under load, and every event is taken and every task fires once`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                var instances = try await Self.three(site, Self.settings(platform))
                try await platform.opened(1)
                let tasks = 60
                for number in 0..<tasks {
                    try await instances[0].accept(Tasks.message("T\(number)", customer: "c\(number)"))
                }
                for round in 0..<4 {
                    let numbers = (0..<500).map { round * 500 + $0 }
                    async let sent: Void = platform.send(
                        numbers.map { number in
                            // Each customer says it once, in one of the rounds.
                            let says = number % 500 < tasks && number % 4 == round ? "好的" : "x"
                            return Tasks.said(
                                says, by: "c\(number % 500)", ["event_id": .string("e\(number)")])
                        })
                    if round < 2, let holder = try await Self.holder(site, among: instances) {
                        try await holder.child.kill9()
                        instances.removeAll { $0.port == holder.port }
                        instances.append(try await site.start(Self.settings(platform)))
                    }
                    try await sent
                }
                let state = try await platform.isCaughtUp(within: .seconds(60))
                #expect(state["wrong"] == 0)
                for number in 0..<tasks { try await instances[0].status("T\(number)", is: "completed") }
                for number in 0..<tasks {
                    let task = try await instances[0].status("T\(number)")
                    // Attempts may be repeated under one key; it fired once.
                    #expect(task["timeline"].elements.filter { $0["status"] == "completed" }.count == 1)
                    #expect(task["generation"] == 1)
                }
                #expect(platform.stale == [])
            }
        }
    }
}
