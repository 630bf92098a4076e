import KefuCore
import Testing

@testable import KefuRedis

@Suite struct HoldConnectorTests {
    private static let state = ConnectorState(peer: "ws://p/")

    private static func hold(
        _ test: TestStore, token: Int64? = nil, _ state: ConnectorState = state
    ) async throws -> ConnectorHold {
        try await test.step { try await $0.holdConnector(token: token, length: .seconds(5), connection: state) }.answer
    }

    private static func lines(_ test: TestStore) async throws -> [String: String] {
        KeySpaceText(try await test.image()).lines.filter { $0.key.hasPrefix("connector") }
    }

    @Test(arguments: ScriptCache.allCases)
    func `One instance holds it, until it stops renewing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let other = try await test.peer("i2")
        #expect(try await Self.hold(test) == .held(token: 1))
        try await test.at(1_000)
        #expect(try await Self.hold(other) == .other(left: .seconds(4)))
        #expect(try await Self.hold(test, token: 1) == .held(token: 1))
        try await test.at(5_999)
        #expect(try await Self.hold(other) == .other(left: .milliseconds(1)))
        try await test.at(6_000)
        #expect(try await Self.hold(other) == .held(token: 2))
        #expect(try await Self.hold(test, token: 1) == .other(left: .seconds(5)))
    }

    @Test func `A lease that nobody took meanwhile is renewed past its end`() async throws {
        let test = try await TestStore()
        #expect(try await Self.hold(test) == .held(token: 1))
        try await test.at(60_000)
        #expect(try await Self.hold(test, token: 1) == .held(token: 1))
    }

    @Test func `Whoever lost the answer takes its own lease anew, under another token`() async throws {
        let test = try await TestStore()
        #expect(try await Self.hold(test) == .held(token: 1))
        #expect(try await Self.hold(test) == .held(token: 2))
        #expect(try await Self.hold(test, token: 1) == .held(token: 3))
    }

    @Test func `People are told since when it is up, and when the last frame came`() async throws {
        let test = try await TestStore()
        _ = try await Self.hold(test)
        #expect(try await Self.lines(test)["connector since"] == "@0")
        #expect(try await Self.lines(test)["connector connected_at"] == nil)
        try await test.at(2_000)
        let up = ConnectorState(peer: "ws://p/", isConnected: true, silence: .milliseconds(250))
        _ = try await Self.hold(test, token: 1, up)
        try await test.at(4_000)
        _ = try await Self.hold(test, token: 1, ConnectorState(peer: "ws://p/", isConnected: true))
        let lines = try await Self.lines(test)
        #expect(lines["connector connected_at"] == "@2000")
        #expect(lines["connector last_frame_at"] == "@1750")
        #expect(lines["connector expires_at"] == "@9000")
        _ = try await Self.hold(test, token: 1)
        #expect(try await Self.lines(test)["connector connected_at"] == nil)
    }
}
