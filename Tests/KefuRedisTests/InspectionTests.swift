import KefuCore
import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

@Suite struct InspectionTests {
    @Test func `A key space in order has nothing to report, and looking changes nothing`() async throws {
        let test = try await TestStore()
        try await test.populate()
        let before = try await test.image()
        #expect(KeySpaceInvariants(before).violations == [])
        #expect(try await test.inspected() == [])
        #expect(try await test.inspected(repairing: true) == [])
        #expect(try await test.image() == before)
        try await test.remove()
    }

    @Test(arguments: Breakage.all)
    func `What is broken is named and nothing else, and a repair mends it`(breakage: Breakage) async throws {
        let test = try await TestStore()
        try await test.populate()
        let whole = try await test.image()
        let callback = try await test.pendingCallback()
        try await test.breakUp(breakage, callback: callback)
        let broken = try await test.image()
        #expect(broken != whole)

        // Counters are only compared when `created` is whole.
        let seen = try await test.inspected()
        #expect(test.words(seen, callback: callback) == breakage.findings)
        #expect(seen.allSatisfy { $0.fate == .found && $0.isMendable })
        #expect(try await test.image() == broken)

        let mended = try await test.inspected(repairing: true)
        #expect(test.words(mended, callback: callback) == breakage.findings)
        #expect(mended.allSatisfy { $0.fate == .mended && !$0.remedy.isEmpty && !$0.detail.isEmpty })
        let after = try await test.image()
        #expect(KeySpaceInvariants(after).violations == [])
        if breakage.isRestored { #expect(KeySpaceText(after).changes(since: KeySpaceText(whole)) == "") }
        #expect(try await test.inspected() == [])
        try await test.remove()
    }

    @Test func `Whatever random operations leave is in order`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = try await redis.client(on: group, scripts: TestStore.scripts.all)
        let first = UInt64.random(in: 0..<1 << 32)
        for seed in first..<first + 30 {
            var run = ModelRun(seed: seed, client: client)
            try await run.pass(0)
            for step in 1...60 {
                try await run.operate()
                guard step % 10 == 0 else { continue }
                let sink = FindingSink()
                var inspection = Inspection(
                    client: client, scripts: TestStore.scripts, isRepairing: false, lease: .seconds(15), rest: 0,
                    report: { sink.take($0) })
                try await inspection.run()
                let findings = sink.findings.filter { $0.subject != "key kefu:{0}:clock" && $0.kind != .silent }
                #expect(findings == [], "seed \(seed), step \(step)")
            }
            _ = try await client.command("FLUSHDB")
        }
        await client.close()
        try await group.shutdownGracefully()
        try await redis.stop()
    }

    @Test func `What nobody but people can decide is named and left`() async throws {
        let test = try await TestStore()
        try await test.populate()
        for command in [
            ["SET", "notes", "x"], ["SET", "customer:a:b", "x"], ["SET", "minute:1", "x"],
            ["SET", "armed:c9:sms", "x"],
            ["RPUSH", "attempts:a%b", "x"], ["HDEL", "task:paid", "priority"], ["HDEL", "task:bad", "status"],
            ["HSET", "task:armed", "cancel_requested", "1"], ["HSET", "task:named", "trigger_where", "[]"],
            ["HDEL", "armed:c2:custom:a%3Ab", "named"],
        ] {
            let words = [command[0], test.keys.prefix + command[1]] + command.dropFirst(2)
            _ = try await test.client.command(words.map { .string($0) })
        }
        let before = try await test.image()
        for isRepairing in [false, true] {
            let findings = try await test.inspected(repairing: isRepairing)
            #expect(
                test.words(findings, callback: "-") == [
                    "key K:armed:c9:sms unknown", "key K:attempts:a%b unknown", "key K:customer:a:b unknown",
                    "key K:minute:1 type", "key K:notes unknown", "task armed cancel", "task bad impossible",
                    "task named unarmed", "task paid impossible",
                ])
            #expect(findings.allSatisfy { $0.fate == (isRepairing ? .left : .found) && !$0.isMendable })
            #expect(findings.filter(\.isWarning).count == 4)
        }
        #expect(try await test.image() == before)
        try await test.remove()
    }

    @Test func `A key of another type is named, and what would read it does not end the walk`() async throws {
        let test = try await TestStore()
        try await test.populate()
        try await test.command("UNLINK", test.keys.customer("c2"))
        try await test.command("SET", test.keys.customer("c2"), "x")
        try await test.command("ZREM", test.keys.prefix + "ready", "ready")
        let findings = try await test.inspected(repairing: true)
        let kinds = ["key K:customer:c2 type", "task named unreadable", "task ready queues"]
        #expect(test.words(findings, callback: "-") == kinds)
        try await test.command("UNLINK", test.keys.ready)
        try await test.command("SET", test.keys.ready, "x")
        #expect(test.words(try await test.inspected(), callback: "-") == ["key K:ready type"])
        try await test.remove()
    }

    @Test func `A cancel that was asked for and lost its way ends the task once it is put right`() async throws {
        let test = try await TestStore()
        try await test.populate()
        try await test.command("HSET", test.keys.task("ready"), "cancel_requested", "1")
        _ = try await test.inspected(repairing: true)
        _ = try await test.store.sweep(capacity: 8, callbackCapacity: 0)
        #expect(try await test.store.status(taskID: "ready")?.status == .cancelled)
        #expect(try await test.store.status(taskID: "ready")?.attempts == 0)
        try await test.remove()
    }

    @Test func `A task that nobody held goes to another when its lease has run out`() async throws {
        let test = try await TestStore()
        try await test.held()
        try await test.command("HDEL", test.keys.task("T1"), "owner")
        try await test.command("ZREM", test.keys.running, "T1")
        try await test.at(1_000)
        _ = try await test.inspected(repairing: true)
        #expect(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.isEmpty)
        try await test.at(16_000)
        #expect(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.map(\.attempt) == [2])
        try await test.remove()
    }

    @Test func `A hundred thousand tasks take few commands and a look at each`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let test = try await TestStore(on: redis)
        let tasks = 100_000, customers = 2_000
        // As `receive` stores them; the same by hand is quicker.
        try await test.accepted(.example("T0", of: "c0"))
        let more = """
            for i = tonumber(ARGV[2]), tonumber(ARGV[3]) do
              local P, id, c = ARGV[1], 'T' .. i, 'c' .. i % \(customers)
              redis.call('COPY', P .. 'task:T0', P .. 'task:' .. id)
              redis.call('HSET', P .. 'task:' .. id, 'customer_id', c)
              for _, set in ipairs({ 'created', 'timeouts', 'customer:' .. c }) do
                local score = redis.call('HGET', P .. 'task:T0', set == 'timeouts' and 'deadline_at' or 'created_at')
                redis.call('ZADD', P .. set, score, id)
              end
              redis.call('HSET', P .. 'armed:' .. c .. ':message', id, 'any')
              redis.call('HINCRBY', P .. 'counts', 'normal:customer_reply', 1)
            end
            """
        for from in stride(from: 1, to: tasks, by: 5_000) {
            let to = min(from + 4_999, tasks - 1)
            try await test.command("EVAL", more, "0", test.keys.prefix, "\(from)", "\(to)")
        }
        try await test.at(10)
        try await test.command("ZREM", test.keys.timeouts, "T77777")
        try await test.command("HDEL", test.keys.armed(customer: "c1", entry: "message"), "T50001")
        let sink = FindingSink()
        var inspection = Inspection(
            client: test.client, scripts: TestStore.scripts, isRepairing: true, lease: .seconds(15), rest: 0,
            report: { sink.take($0) })
        let before = test.client.commandsSent
        try await inspection.run()
        let sent = test.client.commandsSent - before
        #expect(
            sink.findings.map { "\($0.subject) \($0.kind) \($0.fate)" }.sorted() == [
                "key kefu:{0}:clock unknown left", "task T50001 unarmed mended", "task T77777 queues mended",
            ])
        #expect(inspection.outcome.tasks >= tasks && inspection.outcome.isCounted)
        // Each call has many names; a customer's own set and hash are asked for one by one.
        #expect(sent < tasks / 5 + customers * 3, "\(sent) commands")
        await test.client.close()
        try await redis.stop()
    }
}
