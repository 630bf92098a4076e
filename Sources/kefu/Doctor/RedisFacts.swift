import Glibc
import KefuRedis

/// What a Redis says about itself, as far as Kefu depends on it. Nil: it would not say.
struct RedisFacts: Equatable {
    var version: String?
    /// `master`, `slave` or `sentinel`.
    var role: String?
    /// How many replicas follow a primary.
    var replicas: Int?
    var appendOnly: String?
    var appendSync: String?
    var evictionPolicy: String?
    /// Bytes; 0 is no limit.
    var memoryLimit: Int64?
    /// How far Redis's clock is ahead of this machine's, in milliseconds.
    var clockAheadMs: Int64?
    /// Why scripts cannot be run; nil when they can.
    var scriptRefusal: String?

    init() {}

    /// - Throws: when Redis does not answer at all.
    init(asking client: RedisClient) async throws(RedisClientError) {
        version = try await client.command("INFO", "server").text.flatMap { RedisInfo($0)["redis_version"] }
        let row = try await client.command("ROLE").array ?? []
        role = row.first?.text
        if role == "master", row.count > 2 { replicas = row[2].array?.count }
        appendOnly = try await Self.config("appendonly", client)
        appendSync = try await Self.config("appendfsync", client)
        evictionPolicy = try await Self.config("maxmemory-policy", client)
        memoryLimit = try await Self.config("maxmemory", client).flatMap { Int64($0) }
        let before = Self.nowMs()
        let time = try await client.command("TIME").array ?? []
        let after = Self.nowMs()
        if time.count == 2, let seconds = time[0].text.flatMap({ Int64($0) }),
            let micros = time[1].text.flatMap({ Int64($0) })
        {
            clockAheadMs = seconds * 1000 + micros / 1000 - (before + after) / 2
        }
        scriptRefusal = try await client.command("EVAL", "#!lua flags=no-writes\nreturn 1", 0).error?.text
    }

    private static func config(_ name: String, _ client: RedisClient) async throws(RedisClientError) -> String? {
        let pair = try await client.command("CONFIG", "GET", .string(name)).array ?? []
        return pair.count == 2 ? pair[1].text : nil
    }

    private static func nowMs() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}

extension RedisFacts {
    /// Clocks further apart than this make times in logs and answers confusing; scheduling does not care.
    static let clockToleranceMs: Int64 = 1000

    /// What follows from the facts.
    var checks: [Check] {
        [versionCheck, roleCheck, persistenceCheck, evictionCheck, clockCheck, scriptCheck]
    }

    private var versionCheck: Check {
        let name = "redis version"
        guard let version else { return .warn(name, "unknown", "allow INFO for this user") }
        guard RedisInfo("redis_version:\(version)").isTooOld == true else { return .ok(name, version) }
        return .fail(name, version, "Redis \(RedisInfo.oldestMajorVersion).0 or newer is needed")
    }

    private var roleCheck: Check {
        switch role {
        case "master": .ok("redis role", "primary")
        case nil: .warn("redis role", "unknown", "allow ROLE for this user")
        case .some(let role): .fail("redis role", role, "REDIS_URL must lead to the primary: this one refuses writes")
        }
    }

    /// Whether there is somebody to take over, and to confirm.
    ///
    /// - Parameters:
    ///   - needed: `KEFU_MIN_REPLICAS`.
    ///   - isWatched: by sentinels.
    /// - Returns: none where replicas are not asked for.
    func replicaCheck(needed: Int, isWatched: Bool) -> [Check] {
        let name = "redis replicas"
        guard needed > 0 || isWatched, role == "master" else { return [] }
        guard let replicas else { return [.warn(name, "unknown", "allow ROLE for this user")] }
        let found = "\(replicas) follow"
        if replicas < needed {
            return [
                .fail(
                    name, "\(found), KEFU_MIN_REPLICAS wants \(needed)",
                    "accepts and cancels answer 503: start replicas, or lower it")
            ]
        }
        if replicas == 0 { return [.warn(name, found, "there is nothing to fail over to: start a replica")] }
        // The one that takes over has none of its own until the old primary is back.
        guard needed == 0 || !isWatched || replicas > needed else {
            return [
                .warn(
                    name, "\(found), KEFU_MIN_REPLICAS wants \(needed)",
                    "after a fail-over accepts answer 503 until the old primary is back: start one more")
            ]
        }
        return [.ok(name, found)]
    }

    private var persistenceCheck: Check {
        let name = "redis persistence"
        switch (appendOnly, appendSync) {
        case (nil, _): return .warn(name, "unknown", "allow CONFIG GET, or see to appendonly yes yourself")
        case ("yes", "no"):
            return .warn(
                name, "appendonly yes, appendfsync no",
                "a loss of power may cost half a minute: CONFIG SET appendfsync everysec")
        case ("yes", let sync): return .ok(name, "appendonly yes, appendfsync \(sync ?? "unknown")")
        default:
            return .warn(
                name, "appendonly no",
                "a crash of Redis loses what was accepted: CONFIG SET appendonly yes, and write it to redis.conf")
        }
    }

    private var evictionCheck: Check {
        let name = "redis memory"
        let limit = memoryLimit == 0 ? "no maxmemory" : "maxmemory \(memoryLimit.map { "\($0)" } ?? "unknown")"
        let advice = "a full Redis would forget tasks: CONFIG SET maxmemory-policy noeviction"
        switch evictionPolicy {
        case "noeviction": return .ok(name, "\(limit), noeviction")
        case nil: return .warn(name, "unknown", "allow CONFIG GET, or see to maxmemory-policy noeviction yourself")
        case .some(let policy):
            let found = "\(limit), \(policy)"
            return memoryLimit == 0 ? .warn(name, found, advice) : .fail(name, found, advice)
        }
    }

    private var clockCheck: Check {
        guard let ahead = clockAheadMs else { return .warn("clocks", "unknown", "allow TIME for this user") }
        guard ahead.magnitude > Self.clockToleranceMs else { return .ok("clocks", "\(ahead) ms apart") }
        return .warn(
            "clocks", "Redis is \(ahead) ms ahead of this machine",
            "run a time service on both: signatures carry this machine's time, tasks go by Redis's")
    }

    private var scriptCheck: Check {
        guard let scriptRefusal else { return .ok("redis scripts", "run") }
        return .fail("redis scripts", scriptRefusal, "allow EVAL, EVALSHA and SCRIPT for this user, on keys kefu:*")
    }
}
