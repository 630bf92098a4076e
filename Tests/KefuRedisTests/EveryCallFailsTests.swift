import KefuCore
import TestSupport
import Testing

@testable import KefuRedis

// Redis does not roll a script back. So each script is made to fail before its first call, its second, and so on: until
// the first write the key space must stay as it was, and whatever is read after a write must be read between two whole
// transitions, so that a read that fails leaves no task half-way.

@Suite struct EveryCallFailsTests {
    /// The scripts with a prelude that counts their calls and fails before the one that the key `failing` names.
    private static let failing = ScriptLibrary { prelude in
        prelude.replacing(ScriptLibrary.clockRead, with: "call('HMGET', ARGV[1] .. 'clock', 's', 'us')")
            .replacing("local call = redis.call\n", with: countingCall)
    }

    private static let countingCall = """
        local calls, wrote = 0, false
        local failing = tonumber(redis.call('GET', ARGV[1] .. 'failing') or 0)
        local reads = {
          EXISTS = true, GET = true, HEXISTS = true, HGET = true, HGETALL = true, HMGET = true, LRANGE = true,
          TTL = true, TYPE = true, ZCARD = true, ZCOUNT = true, ZRANGE = true, ZREVRANGE = true, ZREVRANK = true,
          ZSCORE = true,
        }
        local function call(name, ...)
          calls = calls + 1
          if calls == failing then
            error('failing ' .. (reads[name] and 'read' or 'write') .. (wrote and ' after' or ' before') .. ' a write')
          end
          wrote = wrote or not reads[name]
          return redis.call(name, ...)
        end

        """

    @Test(arguments: FailureScenario.all)
    func `A call that fails leaves no task half-way`(scenario: FailureScenario) async throws {
        var counted = 0
        var hasFailed = true
        while hasFailed {
            let test = try await TestStore(scripts: Self.failing)
            try await scenario.arrange(test)
            let before = try await image(test)
            counted += 1
            try await test.command("SET", test.keys.prefix + "failing", "\(counted)")
            hasFailed = try await fails(scenario, test, counted, before: KeySpaceText(before))
            try await test.remove()
        }
        #expect(counted > 1)
    }

    /// Whether the call was one of the script's.
    private func fails(
        _ scenario: FailureScenario, _ test: TestStore, _ call: Int, before: KeySpaceText
    ) async throws -> Bool {
        do {
            try await scenario.act(test)
            return false
        } catch StoreError.defect(let text) where text.contains("failing ") {
            let after = try await image(test)
            let changes = KeySpaceText(after).changes(since: before)
            if text.contains(" before a write") { #expect(changes == "", "call \(call): \(text)") }
            if text.contains("failing read after") {
                let violations = KeySpaceInvariants(after).violations
                #expect(violations == [], "call \(call): \(text), after\n\(changes)")
            }
            return true
        }
    }

    private func image(_ test: TestStore) async throws -> [String: KeyImage] {
        var image = try await test.image()
        image["failing"] = nil
        return image
    }
}
