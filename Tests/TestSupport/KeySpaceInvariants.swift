// What must hold of a key space whenever no script is at work (the tables of lua/README.md, read backwards):
// each task stands in exactly the queues of its state, index and records name each other, counts are sums, and nothing
// is left that belongs to nobody.

package struct KeySpaceInvariants {
    /// What does not hold, a line each.
    package private(set) var violations: [String] = []
    private let image: [String: KeyImage]
    private var tasks: [String: [String: String]] = [:]

    static let finals = ["completed", "failed", "cancelled"]
    static let queues = ["timeouts", "scheduled", "ready", "retrying", "running"] + finals
    private static let ranks = ["urgent": 1e13, "high": 2e13, "normal": 3e13]

    package init(_ image: [String: KeyImage]) {
        self.image = image
        for (key, shown) in image {
            guard let id = Self.rest(of: key, behind: "task:"), case .hash(let record) = shown.value else { continue }
            tasks[Self.id(id)] = record
        }
        checkNames()
        for (id, record) in tasks { checkPlaces(id, record) }
        for queue in Self.queues + ["created"] { checkMembers(queue) }
        checkCustomers()
        checkIndex()
        checkCounts()
        checkAttempts()
        checkCallbacks()
        checkInstances()
        checkEventLogs()
        violations.sort()
    }

    private mutating func require(_ holds: Bool, _ violation: @autoclosure () -> String) {
        if !holds { violations.append(violation()) }
    }

    private func scores(_ key: String) -> [String: Double] {
        if case .sortedSet(let members)? = image[key]?.value { members } else { [:] }
    }

    private static func id(_ escaped: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(escaped.utf8)[...]
        while let byte = rest.popFirst() {
            let isColon = byte == UInt8(ascii: "%") && rest.starts(with: Array("3A".utf8))
            let isPercent = byte == UInt8(ascii: "%") && rest.starts(with: Array("25".utf8))
            bytes.append(isColon ? UInt8(ascii: ":") : byte)
            if isColon || isPercent { rest = rest.dropFirst(2) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// By bytes: `:` and a mark behind it are one `Character`.
    private static func rest(of key: String, behind prefix: String) -> Substring? {
        key.utf8.starts(with: prefix.utf8) ? Substring(key.utf8.dropFirst(prefix.utf8.count)) : nil
    }

    // MARK: Keys

    private mutating func checkNames() {
        for (key, shown) in image {
            let family = key.utf8.split(separator: UInt8(ascii: ":")).first.flatMap { String($0) } ?? key
            let type =
                switch shown.value {
                case .string: "string"
                case .hash: "hash"
                case .sortedSet: "zset"
                case .list: "list"
                case .set: "set"
                case .stream: "stream"
                }
            let expected: String? =
                switch family {
                case "task", "armed", "callback", "counts", "minute", "instance", "connector": "hash"
                case "timeouts", "scheduled", "ready", "retrying", "running", "completed", "failed", "cancelled",
                    "created", "customer", "callbacks", "instances":
                    "zset"
                case "attempts", "deliveries", "recent": "list"
                case "event", "fence": "string"
                case "changes": "stream"
                default: nil
                }
            require(type == expected, "\(key) is a \(type)")
            require(shown.expires == ["event", "minute", "recent", "fence"].contains(family), "\(key): time to live")
        }
    }

    // MARK: Tasks

    /// Queues in which a task must stand, with its score in each.
    private func places(_ record: [String: String]) -> [String: Double]? {
        func time(_ field: String) -> Double { record[field].flatMap(Double.init) ?? .nan }
        guard let status = record["status"], let rank = Self.ranks[record["priority"] ?? ""] else { return nil }
        switch (status, record["triggered_at"]) {
        case ("waiting", nil):
            var places = ["timeouts": time("deadline_at")]
            places["scheduled"] = Self.earliestTime(record)
            return places
        case ("waiting", _?):
            return record["next_attempt_at"] == nil
                ? ["ready": rank + time("triggered_at")] : ["retrying": time("next_attempt_at")]
        case ("running", _?): return ["running": .infinity]
        case ("completed", _), ("failed", _), ("cancelled", _): return [status: time("completed_at")]
        default: return nil
        }
    }

    private mutating func checkPlaces(_ id: String, _ record: [String: String]) {
        guard let places = places(record), let customer = record["customer_id"] else {
            return require(false, "task \(id): impossible record \(record)")
        }
        let created = record["created_at"].flatMap(Double.init)
        require(scores("created")[id] == created, "task \(id): not in created by \(record["created_at"] ?? "-")")
        let ofCustomer = scores("customer:" + Self.escaped(customer))[id]
        require(ofCustomer == created, "task \(id): not in customer:\(customer)")
        for queue in Self.queues {
            let (expected, score) = (places[queue], scores(queue)[id])
            let isRight = expected == .infinity ? score != nil : score == expected
            require(isRight, "task \(id): \(queue) has \(score?.description ?? "nothing"), record \(record)")
        }
        let isHeld = record["status"] == "running"
        require((record["owner"] != nil) == isHeld, "task \(id): owner")
        require(record["cancel_requested"] == nil || isHeld || places["retrying"] != nil, "task \(id): cancel mark")
        require(record["next_attempt_at"] == nil || places["retrying"] != nil, "task \(id): next_attempt_at")
        require((record["completed_at"] != nil) == Self.finals.contains(record["status"] ?? ""), "task \(id): end")
        let isAlone = record["trigger_type"] == "time_reach" && record["triggers"] == nil
        require((record["armed"] != nil) == (places["timeouts"] != nil && !isAlone), "task \(id): armed")
        for name in Self.armed(record) where name != "scheduled" {
            let key = "armed:\(Self.escaped(customer)):\(name)"
            guard case .hash(let entries)? = image[key]?.value, entries[id] != nil else {
                return require(false, "task \(id): not in \(key)")
            }
        }
        let isListed = Self.armed(record).contains("scheduled")
        require(isAlone || isListed == (places["scheduled"] != nil), "task \(id): scheduled")
    }

    private static func armed(_ record: [String: String]) -> [String] {
        (record["armed"] ?? "").utf8.split(separator: UInt8(ascii: "\n")).compactMap { String($0) }
    }

    /// Of all `time_reach` that the task waits for.
    private static func earliestTime(_ record: [String: String]) -> Double? {
        guard let triggers = record["triggers"] else {
            return record["trigger_type"] == "time_reach" ? record["trigger_time"].flatMap(Double.init) ?? .nan : nil
        }
        return triggers.matches(of: #/[\[,]\{"type":"time_reach","time":(\d+)/#).compactMap { Double($0.1) }.min()
    }

    private mutating func checkMembers(_ queue: String) {
        for id in scores(queue).keys { require(tasks[id] != nil, "\(queue): \(id) has no record") }
    }

    private mutating func checkCustomers() {
        for key in image.keys {
            guard let customer = Self.rest(of: key, behind: "customer:").map({ Self.id($0) }) else { continue }
            for id in scores(key).keys {
                require(tasks[id]?["customer_id"] == customer, "\(key): \(id) is not that customer's")
            }
        }
    }

    private mutating func checkIndex() {
        for (key, shown) in image where key.hasPrefix("armed:") {
            guard case .hash(let entries) = shown.value else { continue }
            for id in entries.keys {
                let customer = tasks[id]?["customer_id"] ?? "-"
                let names = Self.armed(tasks[id] ?? [:]).map { "armed:\(Self.escaped(customer)):\($0)" }
                require(names.contains(key), "\(key): \(id) is not armed there")
            }
        }
    }

    private mutating func checkCounts() {
        var sums: [String: Int] = [:]
        for record in tasks.values where !Self.finals.contains(record["status"] ?? "") {
            sums["\(record["priority"] ?? "-"):\(record["trigger_type"] ?? "-")", default: 0] += 1
        }
        var counts: [String: Int] = [:]
        if case .hash(let fields)? = image["counts"]?.value { counts = fields.compactMapValues { Int($0) } }
        counts = counts.filter { $0.value != 0 }
        require(counts == sums, "counts say \(counts), the records \(sums)")
    }

    private mutating func checkAttempts() {
        for (key, shown) in image {
            guard let id = Self.rest(of: key, behind: "attempts:") ?? Self.rest(of: key, behind: "deliveries:"),
                case .list(let lines) = shown.value
            else { continue }
            require(tasks[Self.id(id)] != nil, "\(key): no such task")
            require(lines.count <= 10, "\(key): \(lines.count) attempts")
        }
    }

    // MARK: Beside tasks

    private mutating func checkCallbacks() {
        let (pending, dead) = (scores("callbacks"), scores("callbacks:dead"))
        require(Set(pending.keys).isDisjoint(with: dead.keys), "a callback both pending and dead")
        for id in [pending.keys, dead.keys].joined() {
            require(image["callback:\(id)"] != nil, "callback \(id) has no contents")
        }
        for key in image.keys where key.hasPrefix("callback:") {
            let id = String(key.dropFirst(9))
            require(pending[id] != nil || dead[id] != nil, "\(key) stands in no queue")
        }
    }

    private mutating func checkInstances() {
        let listed = Set(scores("instances").keys)
        let described = Set(image.keys.filter { $0.hasPrefix("instance:") }.map { Self.id($0.dropFirst(9)) })
        require(listed == described, "instances \(listed), described \(described)")
    }

    private mutating func checkEventLogs() {
        for (key, shown) in image where key.hasPrefix("recent:") {
            guard case .list(let lines) = shown.value else { continue }
            require(lines.count <= 16, "\(key): \(lines.count) events")
            let times = lines.compactMap { $0.split(separator: " ").first.flatMap { Int64($0) } }
            require(times.count == lines.count && times == times.sorted(), "\(key): order \(times)")
        }
    }

    private static func escaped(_ id: String) -> String {
        String(
            decoding: id.utf8.flatMap { byte in
                switch byte {
                case UInt8(ascii: "%"): Array("%25".utf8)
                case UInt8(ascii: ":"): Array("%3A".utf8)
                default: [byte]
                }
            }, as: UTF8.self)
    }
}
