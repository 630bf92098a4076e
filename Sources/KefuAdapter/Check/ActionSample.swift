import KefuCore

/// Makes actions and callbacks of samples that a person wrote: only what matters has to be there.
enum ActionSample {
    static func action(_ sample: [UInt8]) throws(InputError) -> ActionRequest {
        let root = try JSONValue(parsing: sample)
        guard let action = root["action"], let word = text(action["type"]), let kind = ActionKind(rawValue: word) else {
            let words = ActionKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw InputError(.validation, field: "action.type", detail: "must be one of: \(words)")
        }
        return ActionRequest(
            taskID: text(root["task_id"]) ?? "TASK_001", generation: number(root["generation"]) ?? 1,
            attempt: number(root["attempt"]) ?? 1,
            action: Action(
                kind: kind, message: text(action["message"]), fileURL: text(action["file_url"]),
                url: text(action["url"])),
            customer: Customer(
                id: text(root["customer"]?["id"]) ?? "customer_123", name: text(root["customer"]?["name"])),
            triggerEventJSON: event(root["trigger_event"]), maySend: { false })
    }

    static func callback(_ sample: [UInt8]) throws(InputError) -> Callback {
        let root = try JSONValue(parsing: sample)
        let result = root["result"].flatMap { $0 == .null ? nil : $0.text }
        return Callback(
            id: text(root["callback_id"]) ?? "cb_0123456789abcdef", taskID: text(root["task_id"]) ?? "TASK_001",
            status: text(root["status"]).flatMap(TaskStatus.init(rawValue:)) ?? .completed,
            error: text(root["error"]), errorCode: text(root["error_code"]), atMs: WallClock.now.milliseconds,
            generation: number(root["generation"]) ?? 1, taskAttempts: number(root["attempts"]) ?? 1,
            customerID: text(root["customer_id"]) ?? "customer_123", resultJSON: result)
    }

    private static func event(_ value: JSONValue?) -> String? {
        if case .object = value { value?.text } else { nil }
    }

    private static func text(_ value: JSONValue?) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    private static func number(_ value: JSONValue?) -> Int? {
        if case .number(let digits) = value { Int(digits) } else { nil }
    }
}
