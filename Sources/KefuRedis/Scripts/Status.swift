import KefuCore

extension RedisTaskStore {
    package func status(taskID: String) async throws(StoreError) -> TaskRecord? {
        var reader = try await run(
            ScriptCall(
                scripts.status, keys: [keys.task(taskID), keys.attempts(taskID), keys.deliveries(taskID)],
                arguments: [.string(keys.prefix)]))
        guard var row = try reader.row() else { throw .defect("status answered no record") }
        let fields = row.fields()
        guard !fields.isEmpty else { return nil }
        var record = try TaskRecord(id: taskID, fields: fields)
        record.failedAttempts = try reader.strings().compactMap(TaskRecord.FailedAttempt.init(line:))
        record.readCallbackAttempts(fields, failures: try reader.strings())
        return record
    }
}

extension TaskRecord {
    /// Reads the fields of a record's hash.
    init(id: String, fields: [String: String]) throws(StoreError) {
        guard let status = fields["status"].flatMap(TaskStatus.init(rawValue:)), let customer = fields["customer_id"]
        else { throw .defect("task \(id) has no known status or no customer") }
        self.init(id: id, customer: Customer(id: customer, name: fields["customer_name"]))
        func number(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) } }
        self.status = status
        type = fields["type"] ?? ""
        triggerKind = fields["trigger_type"].flatMap(TriggerKind.init(rawValue:)) ?? .customerReply
        triggerKeyword = fields["trigger_keyword"]
        triggerKeywordsJSON = fields["trigger_keywords"]
        triggerMatch = fields["trigger_match"]
        triggerExcludeJSON = fields["trigger_exclude"]
        triggerWhereJSON = fields["trigger_where"]
        triggerTimeMs = number("trigger_time")
        triggerEventName = fields["trigger_event_name"]
        triggerLookbackMs = number("trigger_lookback") ?? 0
        triggersJSON = fields["triggers"]
        action = Action(
            kind: fields["action_type"].flatMap(ActionKind.init(rawValue:)) ?? .sendMessage,
            message: fields["action_message"], fileURL: fields["action_file_url"], url: fields["action_url"])
        priority = fields["priority"].flatMap(Priority.init(rawValue:)) ?? .normal
        timeoutHours = fields["timeout_hours"] ?? ""
        maxRetry = Int(number("max_retry") ?? 0)
        retryCount = Int(number("retry_count") ?? 0)
        attempts = Int(number("attempts") ?? 0)
        generation = Int(number("generation") ?? 1)
        createdAtMs = number("created_at") ?? 0
        createdBy = fields["created_by"]
        deadlineAtMs = number("deadline_at")
        updatedAtMs = number("updated_at")
        triggeredAtMs = number("triggered_at")
        nextAttemptAtMs = number("next_attempt_at")
        completedAtMs = number("completed_at")
        triggerEventJSON = fields["trigger_event"]
        errorMessage = fields["error_message"]
        errorCode = fields["error_code"]
        resultJSON = fields["result"]
        cancelRequested = fields["cancel_requested"] == "1"
        cancelReason = fields["cancel_reason"]
        trace = fields["traceparent"].flatMap(TraceParent.init)
        owner = fields["owner"]
        timeline =
            [TimelineEntry(status: .waiting, atMs: createdAtMs)]
            + (fields["timeline"] ?? "").split(separator: ",").compactMap(TimelineEntry.init(text:))
    }
}

extension TaskRecord.TimelineEntry {
    /// `<status> <ms>`, as the scripts write it.
    fileprivate init?(text: Substring) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let status = TaskStatus(rawValue: String(parts[0])), let at = Int64(parts[1]) else {
            return nil
        }
        self.init(status: status, atMs: at)
    }
}

extension TaskRecord.FailedAttempt {
    /// One line of `attempts:<id>`: an object of our own making. Anything else is left out.
    fileprivate init?(line: String) {
        let parsed = Array(line.utf8).withUnsafeBytes { bytes in
            try? JSONReader.read(bytes) { object in  // A line that is no JSON was not written by a script.
                func number(_ name: StaticString) -> Int64? {
                    object.member(name)?.number.flatMap { Int64(exactly: $0) }
                }
                return (
                    number("attempt"), number("at"), number("http_status"), number("duration_ms"),
                    object.member("error")?.string
                )
            }
        }
        guard case (let attempt?, let at?, let status, let duration, let error)? = parsed else { return nil }
        self.init(
            attempt: Int(attempt), atMs: at, httpStatus: status.map { Int($0) }, error: error ?? "",
            durationMs: duration ?? 0)
    }
}
