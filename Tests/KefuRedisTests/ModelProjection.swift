import KefuCore
import TestSupport

/// What the model and the key space must have in common: every score of every queue, and of every record what rules
/// decide. What only belongs together inside Redis, ``KeySpaceInvariants`` checks.
struct ModelProjection: Equatable {
    /// Key → member → value; for hashes of tasks their fields.
    private var keys: [String: [String: String]] = [:]

    private static let fields: Set<String> = [
        "status", "generation", "attempts", "retry_count", "lost", "deadline_at", "triggered_at", "completed_at",
        "created_at", "next_attempt_at", "error_code", "cancel_requested", "owner", "content", "customer_id",
        "trigger_event", "updated_at", "priority", "action_message", "traceparent",
    ]

    init(_ image: [String: KeyImage]) {
        for (key, shown) in image {
            switch shown.value {
            case .sortedSet(let members) where key != "instances": keys[key] = members.mapValues { "\(Int64($0))" }
            case .hash(let fields) where key.hasPrefix("task:"):
                // Zero is the same as absent.
                keys[key] = fields.filter { Self.fields.contains($0.key) && $0.value != "0" }
                keys[key]?["trigger_event"] = fields["trigger_event"].map { String($0.dropFirst(6).prefix(13)) }
            case .list(let lines) where key.hasPrefix("recent:"):
                for (index, line) in lines.enumerated() { keys[key, default: [:]]["\(index)"] = "\(line.prefix(13))" }
            case .hash(let fields) where key.hasPrefix("callback:"):
                keys[key] = fields.filter {
                    ["task_id", "attempts", "at", "replayed_at", "traceparent"].contains($0.key)
                }
            case .string(let text): keys[key] = ["": text.split(separator: "\n").sorted().joined(separator: " ")]
            case .hash(let fields) where key.hasPrefix("armed:"): keys[key] = fields.mapValues { _ in "" }
            default: break
            }
        }
    }

    init(_ model: SchedulerModel) {
        for (id, task) in model.tasks { add(id, task) }
        for callback in model.outbox {
            keys[callback.isDead ? "callbacks:dead" : "callbacks", default: [:]][callback.id] = "\(callback.score)"
            keys["callback:\(callback.id)"] = [
                "task_id": callback.taskID, "attempts": "\(callback.deliveries)", "at": "\(callback.at)",
            ]
            keys["callback:\(callback.id)"]?["traceparent"] = callback.trace?.text
            if let replayed = callback.replayedAt { keys["callback:\(callback.id)"]?["replayed_at"] = "\(replayed)" }
        }
        for (customer, events) in model.log {
            let times = events.enumerated().map { ("\($0)", "\($1.at)") }
            keys["recent:" + customer] = Dictionary(uniqueKeysWithValues: times)
        }
        for (name, event) in model.events {
            let lines = ["\(event.at)"] + event.matched
            keys["event:" + name.replacing("/", with: ":")] = ["": lines.sorted().joined(separator: " ")]
        }
    }

    private mutating func add(_ id: String, _ task: SchedulerModel.Task) {
        var record = [
            "status": task.status.rawValue, "generation": "\(task.generation)", "deadline_at": "\(task.deadline)",
            "created_at": "\(task.acceptedAt)", "content": task.task.contentDigest,
            "customer_id": task.task.customer.id,
        ]
        record["attempts"] = task.attempts == 0 ? nil : "\(task.attempts)"
        record["retry_count"] = task.retries == 0 ? nil : "\(task.retries)"
        record["lost"] = task.losses == 0 ? nil : "\(task.losses)"
        record["triggered_at"] = task.firedAt.map { "\($0)" }
        record["trigger_event"] = task.eventAt.map { "\($0)" }
        record["completed_at"] = task.endedAt.map { "\($0)" }
        record["updated_at"] = task.updatedAt.map { "\($0)" }
        record["priority"] = task.task.priority.rawValue
        record["action_message"] = task.task.action.message
        record["error_code"] = task.errorCode
        record["traceparent"] = task.task.trace?.text
        record["cancel_requested"] = task.isCancelAsked ? "1" : nil
        func stand(_ key: String, _ score: Int64) { keys[key, default: [:]][id] = "\(score)" }
        stand("created", task.acceptedAt)
        stand("customer:\(task.task.customer.id)", task.acceptedAt)
        switch task.stage {
        case .armed:
            stand("timeouts", task.deadline)
            if let time = task.earliestTime { stand("scheduled", time) }
            for trigger in task.task.triggers where trigger.kind != .timeReach {
                keys["armed:\(task.task.customer.id):\(trigger.place)", default: [:]][id] = ""
            }
        case .ready: stand("ready", task.task.priority.rank + (task.firedAt ?? 0))
        case .pausing(let until):
            record["next_attempt_at"] = "\(until)"
            stand("retrying", until)
        case .running(let token, let until):
            record["owner"] = token
            stand("running", until)
        case .ended(let status): stand(status.rawValue, task.endedAt ?? 0)
        }
        keys["task:\(id)"] = record
    }

    /// The first differences, a line each.
    func differences(from other: ModelProjection) -> [String] {
        let names = Set(keys.keys).union(other.keys.keys).sorted()
        return names.filter { keys[$0] != other.keys[$0] }.map { name in
            func show(_ members: [String: String]?) -> String {
                (members ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            }
            return "\(name): model [\(show(keys[name]))], Redis [\(show(other.keys[name]))]"
        }
    }
}

extension Priority {
    /// Where its tasks begin among the scores of `ready`.
    var rank: Int64 {
        switch self {
        case .urgent: 10_000_000_000_000
        case .high: 20_000_000_000_000
        case .normal: 30_000_000_000_000
        }
    }
}

extension Trigger {
    /// The end of the name of its index entry.
    var place: String {
        switch kind {
        case .customerReply, .customerKeyword: "message"
        case .customerPayment: "payment"
        case .customerOrder: "order"
        case .customEvent: "custom:\(eventName ?? "")"
        case .timeReach: ""
        }
    }
}
