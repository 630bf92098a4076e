/// Reads a task as a sender posts it.
struct TaskReader: Sendable {
    let triggers: TriggerReader

    func read(_ element: JSONElement) throws(InputError) -> NewTask {
        let object = try ObjectReader(element)
        let id = try object.requiredID("task_id")
        let type = try object.required("type", .bytes(1...InputLimits.labelBytes))
        let customer = try object.required("customer", Self.customer)
        let triggers = try triggers.readAll(of: object)
        let action = try object.required("action", Self.action)
        let priority = try object.optionalWord("priority", Priority.self) ?? .normal
        let timeout = try object.optional("timeout_hours", Self.timeout) ?? Self.defaultTimeout
        var task = NewTask(
            id: id, type: type, customer: customer, trigger: triggers[0],
            otherTriggers: Array(triggers.dropFirst()), action: action, priority: priority,
            timeoutMs: timeout.ms, timeoutHours: timeout.hours,
            maxRetry: try object.optional("max_retry", Self.retries) ?? Self.defaultRetries,
            createdBy: try object.optional("created_by", .characters(0...InputLimits.nameCharacters)),
            contentDigest: "")
        task.contentDigest = ContentDigest.of(task)
        return task
    }

    func readUpdate(_ element: JSONElement) throws(InputError) -> TaskUpdate {
        let object = try ObjectReader(element)
        let update = TaskUpdate(
            taskID: try object.requiredID("task_id"),
            timeMs: try object.optional("time") { (element) throws(InputError) in try triggers.time(element) },
            timeout: try object.optional("timeout_hours", Self.timeout),
            priority: try object.optionalWord("priority", Priority.self),
            message: try object.optional("message", .characters(0...InputLimits.messageCharacters)))
        guard update != TaskUpdate(taskID: update.taskID) else {
            let detail = "must have at least one of: time, timeout_hours, priority, message"
            throw InputError(.validation, detail: detail)
        }
        return update
    }

    private static let defaultTimeout = TaskUpdate.Timeout(ms: 86_400_000, hours: "24")
    private static let defaultRetries = 3

    private static func customer(_ element: JSONElement) throws(InputError) -> Customer {
        let object = try ObjectReader(element)
        return Customer(
            id: try object.requiredID("id"),
            name: try object.optional("name", .characters(0...InputLimits.nameCharacters)))
    }

    private static func action(_ element: JSONElement) throws(InputError) -> Action {
        let object = try ObjectReader(element)
        var action = Action(kind: try object.requiredWord("type", ActionKind.self))
        if action.kind == .sendMessage {
            action.message = try object.required("message", .characters(1...InputLimits.messageCharacters))
        } else {
            action.message = try object.optional("message", .characters(0...InputLimits.messageCharacters))
        }
        if action.kind == .sendFile {
            action.fileURL = try object.required("file_url", WebAddress.read)
        } else {
            try object.check("file_url", is: .string)
        }
        if action.kind == .sendLink {
            action.url = try object.required("url", WebAddress.read)
        } else {
            try object.check("url", is: .string)
        }
        return action
    }

    private static func timeout(_ element: JSONElement) throws(InputError) -> TaskUpdate.Timeout {
        let hours = try element.finiteNumber()
        guard hours > 0, hours <= InputLimits.longestTimeoutHours else {
            let most = Int(InputLimits.longestTimeoutHours)
            throw InputError(.validation, detail: "must be greater than 0 and at most \(most)")
        }
        return TaskUpdate.Timeout(ms: max(1, Int64((hours * 3_600_000).rounded())), hours: shown(hours))
    }

    /// A whole number however it is written: `3`, `3.0`, `3e0`.
    private static func retries(_ element: JSONElement) throws(InputError) -> Int {
        let allowed = InputLimits.retries
        guard let retries = Int(exactly: try element.finiteNumber()), allowed.contains(retries) else {
            throw InputError(
                .validation, detail: "must be a whole number, \(allowed.lowerBound)–\(allowed.upperBound)")
        }
        return retries
    }

    /// The shortest decimal, `24` and not `24.0`.
    private static func shown(_ hours: Double) -> String {
        Int(exactly: hours).map(String.init) ?? hours.description
    }
}
