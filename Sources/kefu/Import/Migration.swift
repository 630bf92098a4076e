import KefuCore

/// What becomes of a task of the old service. Decided from its row alone: the same row at the same time, the same
/// decision.
struct Migration: Sendable {
    enum Decision: Equatable, Sendable {
        /// The body for `POST /api/task/receive`, how long it may still wait, and what a person should know.
        case send(body: [UInt8], hours: Double, remark: String?)
        /// Its deadline passed so many hours ago.
        case expired(hours: Double)
        /// The old table does not hold what the task waited for.
        case unmovable(field: String, reason: String)
        /// The contract does not take it.
        case refused(field: String, reason: String)
        /// `completed`, `failed` or `cancelled`.
        case finished
    }

    private static let unfinished = ["pending", "waiting", "running"]
    private static let finished = ["completed", "failed", "cancelled"]
    private static let hourMs = 3_600_000.0
    /// Rounded up to this: 3.6 s, so that what is left is never nothing.
    private static let leastHours = 0.001

    /// In which the old service wrote its times.
    let times: TimeZoneRules
    let reader: RequestReader
    let nowMs: Int64
    /// What a task whose deadline has passed gets instead; nil leaves it behind.
    var hoursForExpired: Double?

    func decide(_ task: OldTask) -> Decision {
        if let (column, _) = task.cells.first(where: { $0.value.contains("\u{FFFD}") }) {
            return .refused(field: column, reason: "holds bytes that are no text")
        }
        let status = task["status"] ?? ""
        if Self.finished.contains(status) { return .finished }
        guard Self.unfinished.contains(status) else {
            return .refused(field: "status", reason: "the old service has no state '\(status)'")
        }
        switch task["trigger_type"] {
        case "time_reach":
            return .unmovable(field: "trigger.time", reason: "the old table has no column for its time")
        case "custom_event":
            return .unmovable(field: "trigger.event", reason: "the old table has no column for the event's name")
        default: break
        }
        guard let created = task["created_at"].flatMap(epochMs) else {
            return .refused(field: "created_at", reason: "is no time, so its deadline cannot be told")
        }
        guard let timeout = Double(task["timeout_hours"] ?? "24"), timeout.isFinite, timeout > 0 else {
            return .refused(field: "timeout_hours", reason: "is no number above 0")
        }
        let left = timeout - Double(nowMs - created) / Self.hourMs
        let hours = left > 0 ? max((left * 1000).rounded(.up) / 1000, Self.leastHours) : hoursForExpired
        guard let hours else { return .expired(hours: -left) }
        return checked(task, hours)
    }

    /// By the same reader as an instance's.
    private func checked(_ task: OldTask, _ hours: Double) -> Decision {
        guard let keywords = keywords(of: task) else {
            return .refused(field: "trigger.keywords", reason: "is no JSON array of texts")
        }
        let body = Self.body(of: task, keywords: keywords, hours: hours)
        let result = body.withUnsafeBytes { bytes -> Result<NewTask, InputError> in
            do throws(InputError) {
                return .success(try reader.task(bytes))
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = result {
            return .refused(field: error.field ?? "task_id", reason: error.detail)
        }
        let remark =
            task["status"] == "running"
            ? "was running: its action may have been sent already"
            : task["triggered_at"].map { _ in "had fired: it waits for its trigger again, unless `kefu fire`" }
        return .send(body: body, hours: hours, remark: remark)
    }

    /// nil when the column is not what it must be.
    private func keywords(of task: OldTask) -> [String]? {
        guard let text = task["trigger_keywords"], text != "null" else { return [] }
        guard case .array(let elements)? = JSONNode(text) else { return nil }
        let texts = elements.compactMap(\.string)
        return texts.count == elements.count ? texts : nil
    }

    private static func body(of task: OldTask, keywords: [String], hours: Double) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        func cell(_ name: String, _ column: String) {
            guard let value = task[column] else { return }
            json.key(name)
            json.string(value)
        }
        json.beginObject()
        cell("task_id", "task_id")
        cell("type", "type")
        json.key("customer")
        json.beginObject()
        cell("id", "customer_id")
        cell("name", "customer_name")
        json.endObject()
        json.key("trigger")
        json.beginObject()
        cell("type", "trigger_type")
        cell("keyword", "trigger_keyword")
        if !keywords.isEmpty {
            json.key("keywords")
            json.beginArray()
            for keyword in keywords { json.string(keyword) }
            json.endArray()
        }
        json.endObject()
        json.key("action")
        json.beginObject()
        cell("type", "action_type")
        // The only column in which a link's address can have stood.
        cell(task["action_type"] == "send_link" ? "url" : "file_url", "action_file_url")
        cell("message", "action_message")
        json.endObject()
        cell("priority", "priority")
        json.key("timeout_hours")
        json.raw(text(hours: hours))
        if let retries = task["max_retry"] {
            json.key("max_retry")
            if let number = Int(retries) { json.int(number) } else { json.string(retries) }
        }
        cell("created_by", "created_by")
        json.endObject()
        return json.bytes
    }

    /// A time as the old service wrote it, by Python's `isoformat()`: without an offset, with or without microseconds.
    func epochMs(_ text: String) -> Int64? {
        if let instant = times.epochMs(text) { return instant }
        let parts = text.replacing("T", with: " ").split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = times.epochMs(String(parts[0])) else { return nil }
        guard parts.count == 2 else { return whole }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let digits = (parts[1] + "000").prefix(3)
        return Int64(digits).map { whole + $0 }
    }

    /// With up to three digits behind the point, as JSON and people read it.
    static func text(hours: Double) -> String {
        let thousandths = Int64((min(hours, 1e12) * 1000).rounded())
        var fraction = String(thousandths % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(thousandths / 1000)" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
