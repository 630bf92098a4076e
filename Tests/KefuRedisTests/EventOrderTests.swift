import KefuCore
import Testing

@testable import KefuRedis

// Events of one customer stay in order, also where Redis refuses one call of a pipeline and takes the next: it is busy
// with a script that ends in between, out of memory until something expires, or fails over.

@Suite struct EventOrderTests {
    /// Refuses once each event whose text is in the set `refused`.
    private static let refusing = ScriptLibrary { code in
        let clock = code.replacing(ScriptLibrary.clockRead, with: TestStore.clockRead)
        // None but `match` reads the event's text there.
        guard clock.contains("message_test(ARGV[7], ARGV[8])") else { return clock }
        return """
            if redis.call('SREM', ARGV[1] .. 'refused', ARGV[7]) == 1 then
              return redis.error_reply('BUSY Redis is busy running a script')
            end

            """ + clock
    }

    private static func shown(_ results: [Result<Handout<MatchOutcome>, StoreError>]) -> [String] {
        results.map { result in
            switch result {
            case .success(let handout): handout.outcome.matched.joined(separator: " ")
            case .failure(.unavailable(let cause)): cause
            case .failure(let error): "\(error)"
            }
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `An event that Redis refuses for now holds back its customer's later ones, and nobody else's`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache, policy: .eventsKept, scripts: Self.refusing)
        try await test.accepted(.example("T1", .reply()), .example("T2", of: "c2", .reply()))
        let events: [CustomerEvent] = [
            .message("1"), .message("2"), .message("a", from: "c2"), .message("3"), .payment(),
            .message("b", from: "c2"),
        ]
        // The first of one customer and the second of another.
        try await test.command("SADD", test.keys.prefix + "refused", "1", "b")
        let busy = "BUSY Redis is busy running a script"
        let first = try await test.step { await $0.match(events) }
        #expect(Self.shown(first.answer) == [busy, busy, "T2", busy, busy, busy])
        #expect(try await test.keptTexts("c1") == [])
        #expect(try await test.keptTexts("c2") == ["a"])
        // Whoever sends them again, in the same order.
        let open = [0, 1, 3, 4, 5].map { events[$0] }
        let again = try await test.step { await $0.match(open) }
        #expect(Self.shown(again.answer) == ["T1", "", "", "", ""])
        #expect(try await test.keptTexts("c1") == ["1", "2", "3", ""])
        #expect(try await test.keptTexts("c2") == ["a", "b"])
    }

    @Test func `An event that meets a defect holds nobody back`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        try await test.command("SET", test.keys.prefix + "armed:c1:payment", "no hash")
        let results = await test.store.match([.payment(), .message("1")])
        guard case .failure(.defect) = results[0] else {
            Issue.record("no defect: \(results[0])")
            return
        }
        #expect(try results[1].get().outcome.matched == [])
        #expect(try await test.keptTexts("c1").last == "1")
    }
}

extension TestStore {
    /// The texts of a customer's events as they were applied, oldest first.
    fileprivate func keptTexts(_ customer: String) async throws -> [String] {
        guard case .list(let lines)? = try await image()["recent:\(customer)"]?.value else { return [] }
        return lines.map { line in
            let parts = line.split(separator: "\n", omittingEmptySubsequences: false)
            return parts.count > 2 ? String(parts[2]) : ""
        }
    }
}
