import KefuCore
import TestSupport
import Testing

// A Redis that is full: what would grow is refused whole, what settles and frees goes on.

@Suite struct FullRedisTests {
    private func refused(_ call: () async throws -> Void) async -> Bool {
        do {
            try await call()
            return false
        } catch StoreError.unavailable { return true } catch { return false }
    }

    @Test func `At the memory limit nothing is accepted or fired, and all that is under way is drained`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let test = try await TestStore(on: redis)
        try await test.finished(try await test.held(.example("failed")), .rejected)
        let (first, second) = (try await test.held(.example("A")), try await test.held(.example("B")))
        let third = try await test.held(.example("C"))
        try await test.accepted(.example("waiting"), .example("late", timeoutMs: 10), .example("gone"))
        try await test.at(10)
        try await test.command("CONFIG", "SET", "maxmemory", "1")

        let before = KeySpaceText(try await test.image())
        #expect(await refused { _ = try await test.store.receive(.example("new"), capacity: 1) })
        #expect(await refused { _ = try await test.store.match(.message(), capacity: 1) })
        #expect(await refused { _ = try await test.store.fire(taskID: "waiting") })
        #expect(KeySpaceText(try await test.image()).changes(since: before) == "")

        #expect(try await test.store.cancel(taskID: "gone", reason: nil).outcome == .cancelled)
        #expect(try await test.store.retry(taskID: "failed").outcome == .done)
        #expect(try await test.store.renew([first]) == [])
        let finished = try await test.store.finish(first, attempt: .completed, capacity: 1, callbackCapacity: 1)
        #expect(finished.shown == "completed; claimed failed#1; deliver A:completed#1")
        try await test.store.release([(second, false)])
        #expect(try await test.store.claim(capacity: 1).shown == "claimed B#1")
        let callback = try #require(finished.callbacks.first)
        _ = try await test.store.settleCallback(callback, outcome: .delivered)
        #expect(try await test.store.sweep(capacity: 1, callbackCapacity: 9).outcome.timedOut == ["late"])
        #expect(
            try await test.store.finish(third, attempt: .retry(), capacity: 0, callbackCapacity: 0).outcome == .retrying
        )
        #expect(try await test.store.replayCallbacks(.allDead) == 0)
        try await test.store.heartbeat(running: 0)
        #expect(try await test.store.stats().byStatus[.waiting] == 2)
        #expect(try await test.store.list(ListQuery()).tasks.count == 7)
        try await test.store.leave()
        #expect(KeySpaceInvariants(try await test.image()).violations == [])

        try await test.command("CONFIG", "SET", "maxmemory", "0")
        #expect(try await test.store.match(.message(), capacity: 0).outcome.matched == ["waiting"])
        await test.client.close()
        try await redis.stop()
    }
}
