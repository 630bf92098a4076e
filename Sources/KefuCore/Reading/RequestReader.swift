/// Turns the bodies of requests into validated values. Bytes in, values or the first ``InputError`` out, in the
/// order of the contract's tables; pure, so any thread may use it.
package struct RequestReader: Sendable {
    private let tasks: TaskReader

    /// - Parameters:
    ///   - timeZone: in which `trigger.time` without an offset is read.
    ///   - eventLog: how far back `trigger.lookback_seconds` may reach.
    package init(timeZone: TimeZoneRules, eventLog: Duration) {
        tasks = TaskReader(triggers: TriggerReader(timeZone: timeZone, eventLog: eventLog))
    }

    package func task(_ body: UnsafeRawBufferPointer) throws(InputError) -> NewTask {
        try one(body) { (element) throws(InputError) in try tasks.read(element) }
    }

    /// 0–1,000 tasks; the paths in an item's error begin at the item.
    package func tasks(_ body: UnsafeRawBufferPointer) throws(InputError) -> [BatchItem<NewTask>] {
        try batch(body, id: "task_id") { (element) throws(InputError) in try tasks.read(element) }
    }

    package func event(_ body: UnsafeRawBufferPointer) throws(InputError) -> CustomerEvent {
        try one(body, EventReader.read)
    }

    /// One event inside a document that was read already.
    package func event(_ element: JSONElement) -> BatchItem<CustomerEvent> {
        item(element, id: "event_id", EventReader.read)
    }

    /// An event that was made of a platform's frame: its `data` and `conversation` have the platform's own keys.
    package func platformEvent(_ body: [UInt8]) throws(InputError) -> CustomerEvent {
        try JSONReader.read(body, freeKeys: true) { (root) throws(InputError) in
            try refuseMarkRuns(root)
            return try EventReader.read(root)
        }
    }

    /// 0–1,000 events; the paths in an item's error begin at the item.
    package func events(_ body: UnsafeRawBufferPointer) throws(InputError) -> [BatchItem<CustomerEvent>] {
        try batch(body, id: "event_id", EventReader.read)
    }

    /// `{"task_id", "reason"?}`, of cancel, retry and fire.
    package func taskCommand(_ body: UnsafeRawBufferPointer) throws(InputError) -> TaskCommand {
        try one(body) { (element) throws(InputError) in
            let object = try ObjectReader(element)
            return TaskCommand(
                taskID: try object.requiredID("task_id"),
                reason: try object.optional("reason", .characters(0...InputLimits.reasonCharacters)))
        }
    }

    /// `{"task_id", "time"?, "timeout_hours"?, "priority"?, "message"?}`: at least one thing that changes.
    package func taskUpdate(_ body: UnsafeRawBufferPointer) throws(InputError) -> TaskUpdate {
        try one(body) { (element) throws(InputError) in try tasks.readUpdate(element) }
    }

    /// Exactly one of `callback_id`, `task_id` and `"all_dead": true`.
    package func callbackSelection(_ body: UnsafeRawBufferPointer) throws(InputError) -> CallbackSelection {
        try one(body) { (element) throws(InputError) in
            let object = try ObjectReader(element)
            let id = { (element: JSONElement) throws(InputError) in try Identifier.read(element) }
            var selections: [CallbackSelection] = []
            if let callback = try object.optional("callback_id", id) { selections.append(.callback(callback)) }
            if let task = try object.optional("task_id", id) { selections.append(.task(task)) }
            try object.check("all_dead", is: .bool)
            if object["all_dead"]?.bool == true { selections.append(.allDead) }
            guard selections.count == 1 else {
                throw InputError(.validation, detail: "must have exactly one of: callback_id, task_id, all_dead: true")
            }
            return selections[0]
        }
    }

    private func one<Value>(
        _ body: UnsafeRawBufferPointer, _ read: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        try JSONReader.read(body) { (root) throws(InputError) in
            try refuseMarkRuns(root)
            return try read(root)
        }
    }

    private func batch<Value>(
        _ body: UnsafeRawBufferPointer, id: StaticString, _ read: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> [BatchItem<Value>] {
        try JSONReader.read(body, surroundings: 1) { (root) throws(InputError) in
            try root.expect(.array)
            var items: [BatchItem<Value>] = []
            for element in root.elements {
                guard items.count < InputLimits.batchItems else {
                    throw InputError(.validation, detail: "must have at most \(InputLimits.batchItems) items")
                }
                items.append(item(element, id: id, read))
            }
            return items
        }
    }

    private func item<Value>(
        _ element: JSONElement, id: StaticString, _ read: (JSONElement) throws(InputError) -> Value
    ) -> BatchItem<Value> {
        let result = Result { () throws(InputError) in
            try refuseMarkRuns(element)
            return try read(element)
        }
        let known = element.member(id).flatMap { try? Identifier.read($0) }  // no id to show is no error here
        return BatchItem(id: known, result: result)
    }

    private func refuseMarkRuns(_ element: JSONElement) throws(InputError) {
        guard let path = element.firstMarkRun else { return }
        let detail = "must not have more than \(MarkRun.longest) combining marks in a row"
        throw InputError(.validation, field: path.isEmpty ? nil : path, detail: detail)
    }
}

/// One item of a batch.
package struct BatchItem<Value: Sendable>: Sendable {
    /// Its `task_id` or `event_id`, where there is a valid one.
    package var id: String?
    package var result: Result<Value, InputError>

    package init(id: String?, result: Result<Value, InputError>) {
        self.id = id
        self.result = result
    }
}

/// What an engineer wants done to one task.
package struct TaskCommand: Sendable, Equatable {
    package var taskID: String
    package var reason: String?

    package init(taskID: String, reason: String? = nil) {
        self.taskID = taskID
        self.reason = reason
    }
}
