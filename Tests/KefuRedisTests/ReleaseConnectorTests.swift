import KefuCore
import Testing

@Suite struct ReleaseConnectorTests {
    private static func hold(_ test: TestStore) async throws -> ConnectorHold {
        try await test.store.holdConnector(
            token: nil, length: .seconds(5), connection: ConnectorState(peer: "ws://p/"))
    }

    @Test(arguments: ScriptCache.allCases)
    func `What is given up is another's at once, under a greater token`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let other = try await test.peer("i2")
        #expect(try await Self.hold(test) == .held(token: 1))
        _ = try await test.step { try await $0.releaseConnector(token: 1) }
        #expect(try await Self.hold(other) == .held(token: 2))
    }

    @Test func `What another holds by now stays with it`() async throws {
        let test = try await TestStore()
        let other = try await test.peer("i2")
        #expect(try await Self.hold(test) == .held(token: 1))
        try await test.at(5_000)
        #expect(try await Self.hold(other) == .held(token: 2))
        let step = try await test.step { try await $0.releaseConnector(token: 1) }
        #expect(step.changes == "")
        #expect(try await Self.hold(test) == .other(left: .seconds(5)))
    }
}
