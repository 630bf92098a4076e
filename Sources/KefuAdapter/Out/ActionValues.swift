import KefuCore

// What the names of a template stand for in an action and in a callback.
extension TemplateValues {
    /// - Parameters:
    ///   - environment: the value of the name `env`.
    ///   - formatTime: epoch milliseconds as the contract shows times.
    init(
        _ request: ActionRequest, environment: JSONValue, formatTime: (Int64) -> String
    ) {
        let event = Self.event(request.triggerEventJSON, formatTime: formatTime)
        let action = request.action
        self.init(
            [
                ("task_id", .string(request.taskID)), ("generation", .number(request.generation)),
                ("attempt", .number(request.attempt)),
                (
                    "idempotency_key",
                    .string(IdempotencyKey(taskID: request.taskID, generation: request.generation).value)
                ),
                (
                    "action",
                    .members([
                        ("type", .string(action.kind.rawValue)), ("message", .text(action.message)),
                        ("file_url", .text(action.fileURL)), ("url", .text(action.url)),
                    ])
                ),
                (
                    "customer",
                    .members([("id", .string(request.customer.id)), ("name", .text(request.customer.name))])
                ),
                ("trigger_event", event), ("data", event["data"] ?? .null),
                ("conversation", event["conversation"] ?? .null), ("env", environment),
            ] + WallClock.now.members)
    }

    init(_ callback: Callback, environment: JSONValue, formatTime: (Int64) -> String) {
        let result = callback.resultJSON.map { JSONValue.parsed($0) } ?? .null
        self.init(
            [
                ("task_id", .string(callback.taskID)), ("status", .string(callback.status.rawValue)),
                ("error", .text(callback.error)), ("error_code", .text(callback.errorCode)),
                ("timestamp", .string(formatTime(callback.atMs))), ("generation", .number(callback.generation)),
                ("attempts", .number(callback.taskAttempts)), ("customer_id", .string(callback.customerID)),
                ("result", result), ("callback_id", .string(callback.id)), ("env", environment),
            ] + WallClock.now.members)
    }

    mutating func set(_ name: String, _ value: String) {
        guard case .object(let members) = root else { return }
        root = .object(members.filter { $0.name != name } + [JSONValue.Member(name: name, value: .string(value))])
    }

    /// The event with its `at`, epoch milliseconds in what the store hands out, as a formatted time.
    private static func event(_ json: String?, formatTime: (Int64) -> String) -> JSONValue {
        guard let json, case .object(var members) = JSONValue.parsed(json) else { return .null }
        for (place, member) in members.enumerated() where member.name == "at" {
            if case .number(let digits) = member.value, let atMs = Int64(digits) {
                members[place].value = .string(formatTime(atMs))
            }
        }
        return .object(members)
    }
}

extension JSONValue {
    /// What our own store holds; a text that is no JSON, which it never holds, as that text.
    fileprivate static func parsed(_ text: String) -> JSONValue {
        do throws(InputError) {
            return try JSONValue(parsing: Array(text.utf8))
        } catch {
            return .string(text)
        }
    }
}
