// What instances do in a ``ModelRun``, and how its answers and key spaces are compared.
import KefuCore
import TestSupport

@testable import KefuRedis

extension ModelRun {
    mutating func claim() async throws {
        let capacity = Int.random(in: 1...3, using: &random)
        let handout = try await store().claim(capacity: capacity)
        var expected = Answer("()")
        model.claim(capacity, token(handout.tasks), into: &expected)
        try compare("claim \(capacity)", Answer(handout), expected)
        note(handout)
    }

    mutating func finish() async throws {
        guard let lease = lease() else { return }
        let attempts: [SettledAttempt] = [
            .completed, .retry(.milliseconds(2_000)), .retry(.milliseconds(1)), .retry(.seconds(3600)), .rejected,
        ]
        try await finish(lease, attempts.randomElement(using: &random) ?? .completed)
    }

    mutating func finish(_ lease: Lease, _ attempt: SettledAttempt) async throws {
        let (store, capacity, delivers) = (store(), capacity(), Bool.random(using: &random))
        let handout = try await store.finish(
            lease, attempt: attempt, capacity: capacity, callbackCapacity: delivers ? 1 : 0)
        let expected = model.finish(
            lease, attempt.verdict, capacity: capacity, token: token(handout.tasks), delivers: delivers)
        try compare("finish \(lease.taskID) \(lease.token) \(attempt.verdict)", Answer(handout), expected)
        note(handout.work)
    }

    mutating func renewOrRelease() async throws {
        if Bool.random(using: &random) {
            let named = leases.suffix(6).filter { _ in Bool.random(using: &random) }
            let lost = try await store().renew(named)
            let expected = model.renew(named)
            trace.append("renew \(named.map { "\($0.taskID) \($0.token)" })")
            try require(lost == expected, "renew \(named): \(lost), expected \(expected)")
        } else if let lease = lease() {
            let started = Bool.random(using: &random)
            try await store().release([(lease, started)])
            model.release(lease, started: started)
            trace.append("release \(lease.taskID) \(lease.token) started \(started)")
        }
    }

    mutating func sweep() async throws {
        let (store, capacity, places) = (store(), capacity(), capacity())
        let handout = try await store.sweep(capacity: capacity, callbackCapacity: places)
        let expected = model.sweep(capacity: capacity, callbackCapacity: places, token: token(handout.tasks))
        try compare("sweep \(capacity) \(places)", Answer(handout), expected)
        note(handout.work)
    }

    mutating func settleCallback() async throws {
        guard let claim = callbacks.suffix(5).randomElement(using: &random) else { return }
        let outcomes: [CallbackSettlement] = [
            .delivered, .failed(error: "HTTP 500", pause: .seconds(2)), .failed(error: "-", pause: .seconds(3600)),
            .released,
        ]
        try await settle(claim, outcomes.randomElement(using: &random) ?? .delivered)
    }

    mutating func settle(_ claim: ClaimedCallback, _ outcome: CallbackSettlement) async throws {
        let handout = try await store().settleCallback(claim, outcome: outcome)
        let expected = model.settle(claim.callback.id, heldUntil: claim.claimedUntilMs, outcome)
        try compare("settle \(claim.callback.id) \(outcome)", Answer(handout), expected)
    }

    mutating func replay() async throws {
        let id = id()
        let (selection, isChosen): (CallbackSelection, (SchedulerModel.Outgoing) -> Bool) =
            switch Int.random(in: 0...2, using: &random) {
            case 0: (.allDead, { $0.isDead })
            case 1: (.task(id), { $0.taskID == id })
            default:
                (.callback(model.outbox.first?.id ?? "none"), { [first = model.outbox.first?.id] in $0.id == first })
            }
        let replayed = try await store().replayCallbacks(selection)
        let expected = model.replay(where: isChosen)
        trace.append("replay \(selection)")
        try require(replayed == expected, "replay \(selection): \(replayed), expected \(expected)")
    }

    // MARK: Comparing

    /// Everything that may come comes, until nothing is left to do: then every task has ended, and after retention
    /// only counters and event ids are left.
    mutating func drain() async throws {
        for _ in 0..<200 {
            try await sweep()
            if let lease = leases.last(where: { model.isHeld($0) }) {
                try await finish(lease, .completed)
            } else if let claim = callbacks.last(where: { claim in model.isWaiting(claim) }) {
                try await settle(claim, .delivered)
            } else if model.tasks.values.contains(where: { $0.stage == .ready }) {
                try await claim()
            } else if let next = model.moments.filter({ $0 > model.now }).min() {
                try await pass(next - model.now)
            } else if model.moments.isEmpty {
                break
            }
        }
        try await compareKeySpace()
        try require(model.moments.isEmpty && model.tasks.values.allSatisfy(\.status.isFinal), "something is stuck")
        try await pass(30 * SchedulerModel.day)
        try await sweep()
        let kept: Set<Substring> = ["clock", "counts", "changes", "event", "recent", "minute", "instance", "instances"]
        let left = try await client.dump(keys.prefix).keys.filter { !kept.contains($0.prefix { $0 != ":" }) }
        try require(left.isEmpty, "left after retention: \(left)")
    }

    mutating func compareKeySpace() async throws {
        var image = try await client.dump(keys.prefix)
        image["clock"] = nil
        let violations = KeySpaceInvariants(image).violations
        try require(violations.isEmpty, "violated: \(violations)")
        let (expected, found) = (ModelProjection(model), ModelProjection(image))
        let differences = expected.differences(from: found)
        try require(differences.isEmpty, "the key space differs: \(differences.joined(separator: "\n  "))")
    }

    mutating func compareQueries() async throws {
        let stats = try await stores[0].stats()
        var expected = Dictionary(uniqueKeysWithValues: TaskStatus.allCases.map { ($0, 0) })
        for task in model.tasks.values { expected[task.status, default: 0] += 1 }
        try require(stats.byStatus == expected, "stats: \(stats.byStatus), expected \(expected)")
        var query = ListQuery()
        query.limit = 3
        var listed: [String] = []
        repeat {
            let page = try await stores[0].list(query)
            listed += page.tasks.map(\.id)
            query.after = page.next
        } while query.after != nil
        let order = model.tasks.sorted { ($1.value.acceptedAt, $1.key) < ($0.value.acceptedAt, $0.key) }.map(\.key)
        try require(listed == order, "list: \(listed), expected \(order)")
    }

    mutating func compare(_ operation: String, _ answer: Answer, _ expected: Answer) throws {
        trace.append(operation)
        try require(answer == expected, "\(operation):\n  \(answer), expected\n  \(expected)")
    }

    func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        if !holds { throw ModelFailure(description: what()) }
    }
}
