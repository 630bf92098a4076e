import Glibc
import Synchronization
import TestSupport
import Testing

/// What `compose/` describes, without containers: HAProxy with its file, three instances, a Redis with its file.
@Suite(.timeLimit(.minutes(3)))
struct TopologyTests {
    private static let clients = 4

    @Test func `a rolling restart behind HAProxy loses no task, and each is sent and called back once`() async throws {
        // Whatever waited for a lease would not end in time.
        let settings = ["KEFU_LEASE_SECONDS": "3600"]
        try await Self.run(settings) { site, balancer, instances in
            try await Self.expectRedisSettings(site)
            let sent = try await Self.underLoad(balancer) {
                for number in 1...3 {
                    // Each round begins with work in full swing.
                    try await site.gateway.until(within: .seconds(60)) { $0.requests.count >= number * 20 }
                    let leaving = try #require(instances[number])
                    leaving.child.signal(SIGTERM)
                    #expect(try await leaving.child.end() == 0)
                    try await balancer.waitUntil(number, is: "DOWN")
                    _ = try await site.start(settings, port: balancer.ports[number - 1])
                    try await balancer.waitUntil(number, is: "UP")
                }
            }
            try await Self.expectCompleted(sent, site, balancer)
            let requests = Dictionary(grouping: site.gateway.requests) { $0.json["task_id"].string ?? "" }
            #expect(Set(requests.keys) == Set(sent) && requests.values.allSatisfy { $0.count == 1 })
            let callbacks = Dictionary(grouping: site.receiver.requests) { $0.json["task_id"].string ?? "" }
            #expect(Set(callbacks.keys) == Set(sent) && callbacks.values.allSatisfy { $0.count == 1 })
        }
    }

    @Test func `an instance that is killed is taken out, what it had goes on elsewhere, and it may come back`()
        async throws
    {
        let settings = ["KEFU_LEASE_SECONDS": "1"]
        try await Self.run(settings) { site, balancer, instances in
            let sent = try await Self.underLoad(balancer) {
                try await site.gateway.until(within: .seconds(60)) { $0.requests.count >= 20 }
                try await #require(instances[2]).child.kill9()
                try await balancer.waitUntil(2, is: "DOWN")
                let before = site.gateway.requests.count
                try await site.gateway.until(within: .seconds(60)) { $0.requests.count >= before + 20 }
                _ = try await site.start(settings, port: balancer.ports[1])
                try await balancer.waitUntil(2, is: "UP")
            }
            try await Self.expectCompleted(sent, site, balancer)
            // At least once, always under the same key.
            #expect(Set(site.gateway.requests.compactMap { $0.json["task_id"].string }) == Set(sent))
            for (id, callbacks) in Dictionary(grouping: site.receiver.requests, by: { $0.json["task_id"] }) {
                #expect(Set(callbacks.map { $0.json["callback_id"] }).count == 1, "\(id)")
            }
        }
    }

    @Test func `what HAProxy says by itself looks like what Kefu says`() async throws {
        try await Site.alone {
            try await Balancer.run { balancer in
                let answer = try #require(try await balancer.call("POST", "/api/task/receive", Tasks.message("T1")))
                #expect(answer.status == 503 && answer["retry-after"] == "1" && answer["x-request-id"] != nil)
                #expect(answer.json["code"] == 503 && answer.data == .null && answer.errorType == "unavailable")
                let named = try #require(
                    try await balancer.call("GET", "/api/health", headers: ["X-Request-Id: mine"]))
                #expect(named.status == 503 && named["x-request-id"] == "mine")
                // A body that does not come.
                let slow = Wire.request("POST", "/api/event", headers: ["Content-Length: 10"])
                let late = try #require(try await Wire.exchange(port: balancer.port, slow).answers.first)
                #expect(late.status == 408 && late.errorType == "timeout" && late["x-request-id"] != nil)
                // What is no HTTP at all is answered before anything of the file is looked at.
                let wrong = try await Wire.exchange(port: balancer.port, Array("nonsense\r\n\r\n".utf8)).answers.first
                #expect(wrong?.status == 400)
            }
        }
    }

    @Test func `ids of requests pass, and whoever guesses tokens is stopped`() async throws {
        let token = "0123456789abcdef0123"
        try await Site.run { site in
            try await Balancer.run { balancer in
                _ = try await site.start(["KEFU_API_TOKENS": "me:admin:\(token)"], port: balancer.ports[0])
                try await balancer.waitUntil(1, is: "UP")
                let (right, wrong) = ("Authorization: Bearer \(token)", "Authorization: Bearer \(token)4")
                let stats = try #require(
                    try await balancer.call("GET", "/api/task/stats", headers: [right, "X-Request-Id: r-7"]))
                #expect(
                    stats.status == 200 && stats.fields.filter { $0.name == "x-request-id" }.map(\.value) == ["r-7"])
                let other = try #require(try await balancer.call("GET", "/api/task/stats", headers: [right]))
                #expect(other["x-request-id"]?.count == 36)
                for _ in 0..<100 {
                    let guess = try #require(try await balancer.call("GET", "/api/task/stats", headers: [wrong]))
                    #expect(guess.status == 401 && guess.errorType == "unauthorized")
                }
                try await eventually("the guesser is stopped") {
                    let guess = try await balancer.call("GET", "/api/task/stats", headers: [wrong])
                    return guess?.status == 429 && guess?["retry-after"] == "60" && guess?.errorType == "overloaded"
                }
            }
        }
    }

    // MARK: Parts

    /// - Parameter body: gets the instances by their numbers, from 1.
    private static func run(
        _ settings: [String: String], _ body: (Site, Balancer, [Int: Instance]) async throws -> Void
    ) async throws {
        try await Site.run(redis: Balancer.redis) { site in
            try await Balancer.run { balancer in
                var instances: [Int: Instance] = [:]
                for (index, port) in balancer.ports.enumerated() {
                    instances[index + 1] = try await site.start(settings, port: port)
                }
                for number in 1...3 { try await balancer.waitUntil(number, is: "UP") }
                try await body(site, balancer, instances)
            }
        }
    }

    /// Senders issue tasks and report what fires them for as long as `body` runs; the tasks' ids.
    private static func underLoad(
        _ balancer: Balancer, _ body: () async throws -> Void
    ) async throws -> [String] {
        let isOver = Flag()
        return try await withThrowingTaskGroup(of: [String].self) { group in
            for client in 0..<clients {
                group.addTask {
                    var ids: [String] = []
                    while !isOver.isSet || ids.count < 20 {
                        let id = "T\(client)-\(ids.count)"
                        try await balancer.insist("/api/task/receive", Tasks.message(id, customer: id))
                        try await balancer.insist("/api/event", Tasks.said("好的", by: id, ["event_id": "only"]))
                        ids.append(id)
                    }
                    return ids
                }
            }
            do { try await body() } catch {
                group.cancelAll()
                throw error
            }
            isOver.set()
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func expectCompleted(_ sent: [String], _ site: Site, _ balancer: Balancer) async throws {
        try await eventually(within: .seconds(60), "all \(sent.count) are completed") {
            guard let stats = try await balancer.call("GET", "/api/task/stats")?.data else { return false }
            return stats["by_status"]["completed"].int == sent.count && stats["queues"]["callbacks"] == 0
        }
        #expect(Set(site.receiver.requests.compactMap { $0.json["task_id"].string }) == Set(sent))
    }

    /// The file was read, and nothing of a test's Redis has taken its place.
    private static func expectRedisSettings(_ site: Site) async throws {
        let expected = [
            "appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction",
            "maxmemory": "\(512 * 1024 * 1024)", "hash-max-listpack-value": "1024", "save": "3600 1",
        ]
        for (name, value) in expected {
            let answer = try await site.redis.answer("CONFIG", "GET", name).array ?? []
            #expect(answer.last?.text == value, "\(name)")
        }
    }
}

/// Set once.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}
