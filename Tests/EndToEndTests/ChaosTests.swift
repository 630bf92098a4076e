import Glibc
import Synchronization
import TestSupport
import Testing

/// Clients that never give up, instances and a Redis that die and stall: in the end everything that was promised has
/// happened, and nothing else has.
@Suite(.timeLimit(.minutes(3)))
struct ChaosTests {
    private static let clients = 4
    private static let tasksPerClient = 40
    private static let faults = 8

    @Test func `whatever dies, each task ends as its sender was told`() async throws {
        try await Site.run(redis: ["--appendonly", "yes", "--appendfsync", "always"]) { site in
            let seed = UInt64.random(in: .min ... .max)
            let fleet = Fleet(site: site, seed: seed)
            site.gateway.respond { request in
                // Two attempts of a task may fail, so that no pause becomes long.
                guard request.json["attempt"].int ?? 0 <= 2 else { return .status(200) }
                return switch (seed &+ UInt64(request.number) &* 0x9E37_79B9_7F4A_7C15) >> 59 {
                case 0...2: .status(503)
                case 3: .close
                default: .status(200)
                }
            }
            do {
                for _ in 0..<3 { try await fleet.add() }
                try await withThrowingTaskGroup { group in
                    for client in 0..<Self.clients { group.addTask { try await Self.work(client, fleet) } }
                    group.addTask { try await Self.harm(site, fleet) }
                    try await group.waitForAll()
                }
                try await Self.check(site, fleet)
            } catch {
                throw NotMet(description: "seed \(seed): \(error)")
            }
        }
    }

    /// Sends tasks, and for each what fires it, or a cancel first.
    private static func work(_ client: Int, _ fleet: Fleet) async throws {
        for number in 0..<tasksPerClient {
            let id = "T\(client)-\(number)"
            let isCancelled = isCancelled(number)
            _ = try await fleet.insist("/api/task/receive", Tasks.message(id, customer: id, ["max_retry": 10]))
            if isCancelled { _ = try await fleet.insist("/api/task/cancel", ["task_id": .string(id)]) }
            let event = Tasks.said("好的", by: id, ["event_id": "only"])
            let fired = try await fleet.insist("/api/event", event).data["matched"]
            #expect(fired == (isCancelled ? [] : [.string(id)]), "\(id)")
        }
    }

    private static func isCancelled(_ number: Int) -> Bool { number % 5 == 4 }

    /// One fault after the other, each as soon as some more work has been done.
    private static func harm(_ site: Site, _ fleet: Fleet) async throws {
        let sendings = clients * tasksPerClient * 4 / 5
        for round in 0..<faults {
            let enough = sendings * round / faults
            try await site.gateway.until(within: .seconds(60)) { $0.requests.count >= enough }
            switch fleet.random(below: 6) {
            case 0, 1: try await fleet.killOne()
            case 2: try await fleet.stallOne()
            case 3:
                try await site.redis.kill()
                try await site.redis.start()
            case 4: _ = try await site.redis.answer("SCRIPT", "FLUSH")
            default: try await fleet.stopOne()
            }
        }
    }

    private static func check(_ site: Site, _ fleet: Fleet) async throws {
        let kefu = fleet.any
        let all = clients * tasksPerClient
        let cancelled = all / 5
        var stats = JSON.null
        try await eventually(within: .seconds(60), "everything has ended") {
            stats = try await kefu.get("/api/task/stats").data
            return stats["by_status"]["completed"].int == all - cancelled && stats["queues"]["callbacks"] == 0
        }
        #expect(stats["by_status"]["cancelled"].int == cancelled && stats["total"].int == all)
        for queue in ["armed", "scheduled", "retrying", "running", "callbacks_dead"] {
            #expect(stats["queues"][queue] == 0, "\(queue)")
        }
        let sent = Dictionary(grouping: site.gateway.requests) { $0.json["task_id"].string ?? "" }
        let told = Dictionary(grouping: site.receiver.requests) { $0.json["task_id"].string ?? "" }
        for client in 0..<clients {
            for number in 0..<tasksPerClient {
                let id = "T\(client)-\(number)"
                let task = try await kefu.status(id)
                #expect(task["status"] == (isCancelled(number) ? "cancelled" : "completed"))
                let requests = sent[id] ?? []
                #expect(requests.isEmpty == isCancelled(number), "\(id)")
                #expect(requests.count <= task["attempts"].int ?? 0, "\(id): more requests than attempts")
                let attempts = requests.compactMap { $0.json["attempt"].int }
                #expect(attempts == Set(attempts).sorted(), "\(id): \(attempts)")
                #expect(requests.allSatisfy { $0.header("idempotency-key") == "\(id):1" })
                #expect(Set((told[id] ?? []).map(\.text)).count == 1, "\(id): not one callback")
            }
        }
    }
}

/// The instances of one run: some are ready to be called at every moment.
private final class Fleet: Sendable {
    private struct State {
        var ready: [Instance] = []
        var random: UInt64
    }

    private let site: Site
    private let state: Mutex<State>

    init(site: Site, seed: UInt64) {
        self.site = site
        state = Mutex(State(random: seed))
    }

    /// SplitMix64.
    func random(below bound: Int) -> Int {
        state.withLock { state in
            state.random &+= 0x9E37_79B9_7F4A_7C15
            var bits = state.random
            bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((bits ^ (bits >> 31)) % UInt64(bound))
        }
    }

    /// Never empty once the first was added: a new one comes before an old one goes.
    var any: Instance {
        let pick = random(below: 1 << 20)
        return state.withLock { $0.ready[pick % $0.ready.count] }
    }

    func add() async throws {
        let instance = try await site.start(["KEFU_LEASE_SECONDS": "1", "KEFU_CONCURRENCY": "8"])
        state.withLock { $0.ready.append(instance) }
    }

    private func takeOne() -> Instance {
        let pick = random(below: 1 << 20)
        return state.withLock { $0.ready.remove(at: pick % $0.ready.count) }
    }

    func killOne() async throws {
        try await add()
        try await takeOne().child.kill9()
    }

    func stopOne() async throws {
        try await add()
        let instance = takeOne()
        instance.child.signal(SIGTERM)
        #expect(try await instance.child.end() == 0)
    }

    /// One sleeps for longer than its leases last.
    func stallOne() async throws {
        let instance = takeOne()
        instance.child.signal(SIGSTOP)
        let awake = try await now()
        try await eventually("its leases have run out") { try await self.now() > awake + 1.2 }
        instance.child.signal(SIGCONT)
        state.withLock { $0.ready.append(instance) }
    }

    /// Redis's clock, in seconds.
    private func now() async throws -> Double {
        let time = try await site.redis.answer("TIME").array?.compactMap { $0.text.flatMap { Double($0) } } ?? []
        return time.count == 2 ? time[0] + time[1] / 1_000_000 : 0
    }

    /// Posts until somebody answers 200, as every sender may.
    func insist(_ path: String, _ body: JSON) async throws -> Answer {
        var last: Answer?
        try await eventually(within: .seconds(60), "\(path) is answered with 200") {
            // Killed while it answered: another is asked.
            guard let answer = try? await any.post(path, body) else { return false }
            last = answer
            if answer.status != 200 { #expect([429, 503].contains(answer.status), "\(path) \(answer.body)") }
            return answer.status == 200
        }
        guard let last else { throw NotMet(description: "no answer") }
        return last
    }
}
