import KefuCore
import Testing

@Suite struct ReplayCallbacksTests {
    @Test(arguments: ScriptCache.allCases)
    func `A dead callback is delivered again from now on, and gets another day`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("A", "B")
        let page = try await test.store.callbacks(CallbackQuery(state: .dead))
        let id = try #require(page.callbacks.first { $0.taskID == "A" }).callbackID
        try await test.at(100_000_000)
        let step = try await test.step { try await $0.replayCallbacks(.callback(id)) }
        #expect(step.answer == 1)
        #expect(
            step.changes == """
                ~ callback:<A cancelled g1> attempts: 1 → 0
                + callback:<A cancelled g1> replayed_at: @100000000
                + callbacks <A cancelled g1>: @100000000
                - callbacks:dead <A cancelled g1>: @90000000
                """)
        try await test.at(186_399_999)
        let claim = try #require(try await test.store.sweep(capacity: 0, callbackCapacity: 1).callbacks.first)
        #expect(claim.earlierDeliveries == 0)
        let failed = CallbackSettlement.failed(error: "HTTP 500", pause: .seconds(2))
        #expect(try await test.store.settleCallback(claim, outcome: failed).nextDueInMs == 2_000)
    }

    @Test(arguments: ScriptCache.allCases)
    func `All callbacks of one task are replayed, pending or dead`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("A", "B")
        try await test.accepted(.example("A"))
        _ = try await test.store.cancel(taskID: "A", reason: nil)
        try await test.at(90_000_500)
        let step = try await test.step { try await $0.replayCallbacks(.task("A")) }
        #expect(step.answer == 2)
        #expect(
            step.changes == """
                ~ callback:<A cancelled g1> attempts: 1 → 0
                + callback:<A cancelled g1> replayed_at: @90000500
                + callback:<A cancelled g2> replayed_at: @90000500
                + callbacks <A cancelled g1>: @90000500
                ~ callbacks <A cancelled g2>: @90000000 → @90000500
                - callbacks:dead <A cancelled g1>: @90000000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `All dead ones are replayed, the pending ones left alone`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("A", "B")
        try await test.accepted(.example("C"))
        _ = try await test.store.cancel(taskID: "C", reason: nil)
        try await test.at(90_000_500)
        let step = try await test.step { try await $0.replayCallbacks(.allDead) }
        #expect(step.answer == 2)
        #expect(!step.changes.contains("<C"))
        let image = try await test.image()
        #expect(image["callbacks:dead"] == nil)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Thousands of dead ones are replayed in batches`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let script = """
            for i = 1, 2000 do
              redis.call('HSET', ARGV[1] .. 'callback:cb_' .. i, 'task_id', 'T', 'status', 'failed', 'attempts', '3')
              redis.call('ZADD', ARGV[1] .. 'callbacks:dead', i, 'cb_' .. i)
            end
            """
        try await test.command("EVAL", script, "0", test.keys.prefix)
        let step = try await test.step { try await $0.replayCallbacks(.allDead) }
        #expect(step.answer == 2_000)
        #expect(try await test.image()["callbacks:dead"] == nil)
        try await test.remove()
    }

    @Test func `Those without contents are taken out and end nothing but themselves`() async throws {
        let test = try await TestStore()
        let script = "for i = 1, 2500 do redis.call('ZADD', KEYS[1], i, 'cb_' .. i) end"
        try await test.command("EVAL", script, "1", test.keys.deadCallbacks)
        #expect(try await test.store.replayCallbacks(.allDead) == 0)
        #expect(try await test.image() == [:])
    }

    @Test(arguments: ScriptCache.allCases)
    func `What is unknown replays nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("A")
        for selection in [CallbackSelection.callback("cb_0"), .task("B"), .callback("")] {
            let step = try await test.step { try await $0.replayCallbacks(selection) }
            #expect(step.answer == 0)
            #expect(step.changes == "")
        }
    }
}
