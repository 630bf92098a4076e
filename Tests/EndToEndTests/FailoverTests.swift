import Synchronization
import TestSupport
import Testing

/// Real sentinels, and a primary that goes.
@Suite(.timeLimit(.minutes(5)))
struct FailoverTests {
    private static let tasks = 150

    private final class Count: Sendable {
        let value = Atomic(0)
    }

    /// Posts one task after the other, each until it is accepted; `accepted` counts.
    private static func post(
        _ name: String, to kefu: Instance, _ accepted: Count
    ) async throws {
        for number in 0..<tasks {
            try await insist(kefu, "/api/task/receive", Tasks.message("\(name)\(number)", customer: name))
            accepted.value.add(1, ordering: .relaxed)
        }
    }

    private static func insist(_ kefu: Instance, _ path: String, _ body: JSON) async throws {
        try await eventually(within: .seconds(90), "\(path) \(body.text) is answered with 200") {
            let answer = try await kefu.post(path, body)
            if answer.status != 200 {
                #expect(answer.status == 503 && answer["retry-after"] != nil, "\(answer.body)")
            }
            return answer.status == 200
        }
    }

    @Test func `when the primary dies its replica serves, and nothing that replicas confirmed is missing`()
        async throws
    {
        try await Site.run { site in
            try await Watched.run { watched in
                let plain = try await site.start(["REDIS_URL": watched.url])
                let safe = try await site.start(["REDIS_URL": watched.url, "KEFU_MIN_REPLICAS": "1"])
                let doctor = try await plain.kefu("doctor", settings: ["REDIS_URL": watched.url])
                #expect(doctor.output.contains("primary      127.0.0.1:\(watched.pair.ports.primary), as"))
                let (plainCount, safeCount) = (Count(), Count())
                async let plainEnd: Void = Self.post("plain", to: plain, plainCount)
                async let safeEnd: Void = Self.post("safe", to: safe, safeCount)
                try await eventually("both are at work") {
                    plainCount.value.load(ordering: .relaxed) > 20 && safeCount.value.load(ordering: .relaxed) > 20
                }
                try await watched.pair.primary.kill()
                // Nothing but time: no restart, no new setting.
                try await plainEnd
                // All may have been posted before it died; back within a second, it would stay the primary.
                try await eventually(within: .seconds(60), "the replica takes over") {
                    await Self.role(of: watched.pair.replica) == "master"
                }
                // The replica has none that could confirm, until the old primary is back in its new part.
                try await watched.pair.primary.start()
                try await safeEnd
                try await eventually(within: .seconds(60), "the old primary follows") {
                    await Self.role(of: watched.pair.primary) == "slave"
                }
                let fired = try await plain.report(Tasks.said("好的", by: "safe"))
                #expect(Set(fired) == Set((0..<Self.tasks).map { "safe\($0)" }))
                try await eventually(within: .seconds(60), "all of them are sent") {
                    Set(site.gateway.requests.compactMap { $0.json["task_id"].string }).isSuperset(of: fired)
                }
                let after = try await plain.kefu("doctor", settings: ["REDIS_URL": watched.url])
                #expect(after.output.contains("primary      127.0.0.1:\(watched.pair.ports.replica), as"))
                for kefu in [plain, safe] { #expect(kefu.child.complaints.split(separator: "\n").count < 400) }
            }
        }
    }

    @Test func `a primary that only slept is not written to when it wakes`() async throws {
        try await Site.run { site in
            try await Watched.run { watched in
                let kefu = try await site.start(["REDIS_URL": watched.url])
                try await kefu.accept(Tasks.message("before"))
                let old = watched.pair.primary
                let calls = try await Self.scriptCalls(old)
                await old.pause()
                try await Self.insist(kefu, "/api/task/receive", Tasks.message("during"))
                await old.resume()
                var ids = ["before", "during"]
                for number in 0..<50 {
                    ids.append("after\(number)")
                    try await Self.insist(kefu, "/api/task/receive", Tasks.message("after\(number)"))
                }
                // What it was sent before it fell asleep, it may have taken in.
                var sinceThen = Int.max
                try await eventually("it tells") {
                    // As above.
                    sinceThen = ((try? await Self.scriptCalls(old)) ?? .max) - calls
                    return sinceThen < .max / 2
                }
                #expect(sinceThen < 20)
                try await eventually(within: .seconds(60), "it follows") {
                    await Self.role(of: old) == "slave"
                }
                #expect(Set(try await kefu.report(Tasks.said("好的"))) == Set(ids))
            }
        }
    }

    private static func role(of redis: PrivateRedis) async -> String? {
        // Sentinels cut its connections, this one too.
        (try? await redis.answer("ROLE"))?.array?.first?.text
    }

    private static func scriptCalls(_ redis: PrivateRedis) async throws -> Int {
        let text = try await redis.answer("INFO", "commandstats").text ?? ""
        return text.matches(of: #/cmdstat_eval(?:sha)?:calls=(\d+)/#).reduce(0) { $0 + (Int($1.1) ?? 0) }
    }

    @Test func `sentinels and servers with passwords of their own, over TLS, are reached and told apart`() async throws
    {
        try await Site.run { site in
            let password = "main/pass"
            let server = try await TLSRedis.start(["--requirepass", password], signIn: { $0.password = password })
            let folder = server.redis.folder
            let files = TLSRedis.arguments(folder)
            let lines = stride(from: 0, to: files.count, by: 2).map { "\(files[$0].dropFirst(2)) \(files[$0 + 1])" }
            let sentinel = try await Sentinel.start(
                watching: server.port, isTLS: true,
                settings: lines + [
                    "tls-replication yes", "requirepass sent&pass", "sentinel auth-pass \(Watched.name) main/pass",
                ])
            let host = "127.0.0.1:\(sentinel.port)"
            let login = "rediss+sentinel://:main%2Fpass@\(host)"
            let settings = { (url: String) in ["REDIS_URL": url, "KEFU_REDIS_CA": server.file("ca.pem")] }
            let kefu = try await site.start(settings("\(login)/main/2?sentinel_password=sent%26pass"))
            try await Self.insist(kefu, "/api/task/receive", Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            #expect(try await server.redis.keys("") == [])
            for (url, word, secret) in [
                ("\(login)/main?sentinel_password=wrong-canary", "no_sentinel", "canary"),
                ("\(login)/other?sentinel_password=sent%26pass", "unknown_primary", "sent%26pass"),
                ("\(login)/main?sentinel_password=sent%26pass&sentinel_tls=no", "no_sentinel", "sent%26pass"),
                ("rediss+sentinel://:canary@\(host)/main?sentinel_password=sent%26pass", "refused", "canary"),
            ] {
                let lost = try await site.start(settings(url))
                try await eventually("health says \(word)") {
                    try await lost.get("/api/health").data["redis"].string == word
                }
                let answer = try await lost.post("/api/task/receive", Tasks.message("T2"))
                #expect(answer.status == 503 && answer["retry-after"] != nil)
                #expect(!lost.child.complaints.contains(secret))
                let doctor = try await lost.kefu("doctor", settings: settings(url))
                #expect(doctor.output.contains("fail  redis ") && !doctor.output.contains(secret), "\(doctor.output)")
            }
            try await sentinel.child.dispose()
            try await server.redis.stop()
        }
    }
}
