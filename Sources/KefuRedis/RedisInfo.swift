import KefuCore

/// What `INFO` says (<https://redis.io/docs/latest/commands/info/>), as far as Kefu depends on it.
package struct RedisInfo: Sendable {
    package static let oldestMajorVersion = 7

    private let fields: [Substring: Substring]

    /// - Parameter text: the reply, all sections or some.
    package init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.fields = fields
    }

    package subscript(name: String) -> String? { fields[name[...]].map { String($0) } }

    /// Nil: not told.
    package var isTooOld: Bool? {
        guard let version = self["redis_version"] else { return nil }
        return version.split(separator: ".").first.flatMap { Int($0) }.map { $0 < Self.oldestMajorVersion } ?? true
    }

    /// Replicas that receive what is written at the moment, or are about to.
    package var replicas: Int? { self["connected_slaves"].flatMap { Int($0) } }

    private func number(_ name: String) -> Int64 { self[name].flatMap { Int64($0) } ?? 0 }

    /// What will do harm, with what to do about it.
    ///
    /// - Parameter replicasNeeded: `KEFU_MIN_REPLICAS`.
    package func warnings(replicasNeeded: Int) -> [StoreWarning] {
        var warnings: [StoreWarning] = []
        func warn(_ word: String, _ detail: String, if isSo: Bool) {
            if isSo { warnings.append(StoreWarning(word: word, detail: detail)) }
        }
        warn(
            "old_redis", "Redis \(self["redis_version"] ?? "") is too old: \(Self.oldestMajorVersion).0 is needed",
            if: isTooOld == true)
        warn(
            "replica", "this Redis is a replica: REDIS_URL must lead to the primary", if: self["role"] == "slave")
        warn(
            "not_persistent", "a crash of Redis loses what was accepted: CONFIG SET appendonly yes",
            if: self["aof_enabled"] == "0")
        warn(
            "disk_failing", "Redis could not write its files the last time: look at its log and its disk",
            if: self["aof_last_write_status"] == "err" || self["rdb_last_bgsave_status"] == "err")
        warn(
            "evicts", "a full Redis would forget tasks: CONFIG SET maxmemory-policy noeviction",
            if: self["maxmemory_policy"].map { $0 != "noeviction" } ?? false)
        warn(
            "full", "Redis has reached maxmemory: new tasks and events are refused until some end; raise maxmemory",
            if: number("maxmemory") > 0 && number("used_memory") >= number("maxmemory"))
        warn(
            "too_few_replicas",
            "\(replicas ?? 0) replicas follow, KEFU_MIN_REPLICAS wants \(replicasNeeded): accepts answer 503",
            if: replicas.map { $0 < replicasNeeded } ?? false)
        return warnings
    }
}
