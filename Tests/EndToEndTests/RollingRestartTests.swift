import Glibc
import Synchronization
import TestSupport
import Testing

/// Three instances are replaced one after the other while callers go on. Leases are so long here that nothing which
/// waited for one would end in time.
@Suite(.timeLimit(.minutes(3)))
struct RollingRestartTests {
    private static let settings = ["KEFU_LEASE_SECONDS": "3600", "KEFU_CONCURRENCY": "8"]
    private static let clients = 4

    @Test func `a rolling restart under load loses no request of those who ask again, and no task waits`()
        async throws
    {
        try await Site.run { site in
            let upstream = Upstream()
            for _ in 0..<3 { upstream.add(try await site.start(Self.settings)) }
            let sent = try await withThrowingTaskGroup(of: [String].self) { group in
                for client in 0..<Self.clients {
                    group.addTask { try await Self.work(client, upstream) }
                }
                group.addTask {
                    for round in 1...3 {
                        // Each round begins with work in full swing.
                        try await site.gateway.until(within: .seconds(60)) { $0.requests.count >= round * 20 }
                        try await Self.replaceOne(of: upstream, at: site)
                    }
                    upstream.end()
                    return []
                }
                var sent: [String] = []
                for try await ids in group { sent += ids }
                return sent
            }
            try await Self.check(sent, upstream.any, site)
        }
    }

    /// As a sender does that knows three addresses: another one when this one refuses or is gone.
    private static func work(_ client: Int, _ upstream: Upstream) async throws -> [String] {
        var ids: [String] = []
        while !upstream.isOver || ids.count < 20 {
            let id = "T\(client)-\(ids.count)"
            try await upstream.insist("/api/task/receive", Tasks.message(id, customer: id))
            try await upstream.insist("/api/event", Tasks.said("好的", by: id, ["event_id": "only"]))
            ids.append(id)
        }
        return ids
    }

    private static func replaceOne(of upstream: Upstream, at site: Site) async throws {
        let leaving = upstream.oldest
        leaving.child.signal(SIGTERM)
        #expect(try await leaving.child.end() == 0)
        // What it held was finished or handed back.
        for id in try await site.redis.answer("ZRANGE", "kefu:{0}:running", "0", "-1").array ?? [] {
            let owner = try await site.redis.answer("HGET", "kefu:{0}:task:\(id.text ?? "")", "owner").text ?? ""
            #expect(!owner.contains("-\(leaving.child.pid)-"), "\(id) is left with the instance that is gone")
        }
        upstream.replaceOldest(by: try await site.start(settings))
    }

    private static func check(_ sent: [String], _ kefu: Instance, _ site: Site) async throws {
        try await eventually(within: .seconds(60), "all are completed") {
            let stats = try await kefu.get("/api/task/stats").data
            return stats["by_status"]["completed"].int == sent.count && stats["queues"]["callbacks"] == 0
        }
        let requests = Dictionary(grouping: site.gateway.requests) { $0.json["task_id"].string ?? "" }
        #expect(Set(requests.keys) == Set(sent))
        // Handed back means that nothing was sent: nobody gets a message twice.
        #expect(requests.values.allSatisfy { $0.count == 1 })
        let told = Set(site.receiver.requests.compactMap { $0.json["task_id"].string })
        #expect(told == Set(sent))
        let instances = try await kefu.get("/api/task/stats").data["instances"].elements
        #expect(instances.count == 3, "\(instances)")
    }

    @Test func `what an unreachable gateway holds up is with another instance at the end of the grace`() async throws {
        try await Site.run { site in
            let never = HTTPSink.Gate()
            site.gateway.respond { $0.number <= 8 ? .held(by: never, .status(200)) : .status(200) }
            let settings = Self.settings.merging(["KEFU_SHUTDOWN_SECONDS": "0.5"]) { $1 }
            let first = try await site.start(settings)
            let second = try await site.start(settings)
            let tasks = (0..<20).map { Tasks.message("T\($0)") }
            #expect(try await first.post("/api/task/receive/batch", .array(tasks)).status == 200)
            #expect(try await first.report(Tasks.said("好的")).count == 20)
            _ = try await site.gateway.requests(atLeast: 8)
            first.child.signal(SIGTERM)
            // A second one changes nothing.
            first.child.signal(SIGTERM)
            #expect(try await first.child.end() == 0)
            try await eventually("all are completed") {
                try await second.get("/api/task/stats").data["by_status"]["completed"] == 20
            }
        }
    }
}

/// What a load balancer knows: three addresses, in turn.
private final class Upstream: Sendable {
    private let instances = Mutex<(list: [Instance], next: Int)>(([], 0))
    private let over = Mutex(false)

    /// Whether the callers may stop.
    var isOver: Bool { over.withLock { $0 } }

    func end() { over.withLock { $0 = true } }

    func add(_ instance: Instance) { instances.withLock { $0.list.append(instance) } }

    var oldest: Instance { instances.withLock { $0.list[0] } }

    func replaceOldest(by instance: Instance) {
        instances.withLock { state in
            state.list.removeFirst()
            state.list.append(instance)
        }
    }

    var any: Instance {
        instances.withLock { state in
            state.next += 1
            return state.list[state.next % state.list.count]
        }
    }

    /// Asks one after the other until one answers 200; meanwhile nothing but "come back" may be said.
    func insist(_ path: String, _ body: JSON) async throws {
        try await eventually(within: .seconds(60), "\(path) is answered with 200") {
            // Gone, or going: another is asked.
            guard let answer = try? await any.post(path, body) else { return false }
            if answer.status != 200 {
                #expect(answer.status == 503 && answer["retry-after"] != nil, "\(path) \(answer.status) \(answer.body)")
            }
            return answer.status == 200
        }
    }
}
