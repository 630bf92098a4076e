import KefuCore

// A task as the contract shows it: the columns of the old `tasks` table under their old names, then what is new.
// Absent values are null; times are RFC 3339 with milliseconds in the configured zone.
extension JSONWriter {
    /// Everything.
    mutating func task(_ task: TaskRecord, _ times: TimeZoneRules) {
        beginObject()
        oldColumns(task, times)
        newColumns(task, times)
        key("failed_attempts")
        beginArray()
        for attempt in task.failedAttempts { failedAttempt(attempt, times) }
        endArray()
        key("callback_attempts")
        beginArray()
        for attempt in task.callbackAttempts { callbackAttempt(attempt, times) }
        endArray()
        key("timeline")
        beginArray()
        for entry in task.timeline {
            beginObject()
            key("status")
            string(entry.status.rawValue)
            key("at")
            time(entry.atMs, times)
            endObject()
        }
        endArray()
        endObject()
    }

    /// The main fields, for lists.
    mutating func summary(_ task: TaskRecord, _ times: TimeZoneRules) {
        beginObject()
        oldColumns(task, times)
        key("generation")
        int(task.generation)
        key("attempts")
        int(task.attempts)
        key("deadline_at")
        time(task.deadlineAtMs, times)
        key("next_attempt_at")
        time(task.nextAttemptAtMs, times)
        key("error_code")
        string(task.errorCode)
        key("triggers")
        triggers(task.triggersJSON, times)
        endObject()
    }

    private mutating func oldColumns(_ task: TaskRecord, _ times: TimeZoneRules) {
        key("task_id")
        string(task.id)
        key("type")
        string(task.type)
        key("customer_name")
        string(task.customer.name)
        key("customer_id")
        string(task.customer.id)
        key("trigger_type")
        string(task.triggerKind.rawValue)
        key("trigger_keyword")
        string(task.triggerKeyword)
        key("trigger_keywords")
        raw(task.triggerKeywordsJSON)
        key("action_type")
        string(task.action.kind.rawValue)
        key("action_file_url")
        string(task.action.fileURL)
        key("action_message")
        string(task.action.message)
        key("priority")
        string(task.priority.rawValue)
        key("timeout_hours")
        raw(task.timeoutHours)
        key("status")
        string(task.status.rawValue)
        oldProgress(task, times)
    }

    private mutating func oldProgress(_ task: TaskRecord, _ times: TimeZoneRules) {
        key("retry_count")
        int(task.retryCount)
        key("max_retry")
        int(task.maxRetry)
        key("created_at")
        time(task.createdAtMs, times)
        key("created_by")
        string(task.createdBy)
        key("triggered_at")
        time(task.triggeredAtMs, times)
        key("completed_at")
        time(task.completedAtMs, times)
        key("error_message")
        string(task.errorMessage)
        key("result")
        raw(task.resultJSON)
    }

    private mutating func newColumns(_ task: TaskRecord, _ times: TimeZoneRules) {
        key("action_url")
        string(task.action.url)
        key("trigger_match")
        string(task.triggerMatch)
        key("trigger_exclude")
        raw(task.triggerExcludeJSON)
        key("trigger_where")
        raw(task.triggerWhereJSON)
        key("trigger_time")
        time(task.triggerTimeMs, times)
        key("trigger_event_name")
        string(task.triggerEventName)
        key("trigger_lookback_seconds")
        if task.triggerLookbackMs > 0 { seconds(task.triggerLookbackMs) } else { null() }
        key("triggers")
        triggers(task.triggersJSON, times)
        key("generation")
        int(task.generation)
        key("attempts")
        int(task.attempts)
        key("deadline_at")
        time(task.deadlineAtMs, times)
        key("updated_at")
        time(task.updatedAtMs, times)
        key("next_attempt_at")
        time(task.nextAttemptAtMs, times)
        key("trigger_event")
        triggerEvent(task.triggerEventJSON, times)
        key("error_code")
        string(task.errorCode)
        key("cancel_requested")
        bool(task.cancelRequested)
        key("cancel_reason")
        string(task.cancelReason)
        key("traceparent")
        string(task.trace?.text)
    }

    private mutating func failedAttempt(_ attempt: TaskRecord.FailedAttempt, _ times: TimeZoneRules) {
        beginObject()
        key("attempt")
        int(attempt.attempt)
        key("at")
        time(attempt.atMs, times)
        key("http_status")
        int(attempt.httpStatus)
        key("error")
        string(attempt.error)
        key("duration_ms")
        int(attempt.durationMs)
        endObject()
    }

    private mutating func callbackAttempt(_ attempt: TaskRecord.CallbackAttempt, _ times: TimeZoneRules) {
        beginObject()
        key("callback_id")
        string(attempt.callbackID)
        key("status")
        string(attempt.status.rawValue)
        key("attempt")
        int(attempt.attempt)
        key("at")
        time(attempt.atMs, times)
        key("http_status")
        int(attempt.httpStatus)
        key("error")
        string(attempt.error)
        key("duration_ms")
        int(attempt.durationMs)
        key("delivered")
        bool(attempt.error == nil)
        endObject()
    }

    /// The stored triggers, their times as people read them.
    private mutating func triggers(_ json: String?, _ times: TimeZoneRules) {
        raw(json.map { TriggersJSON.readable($0, times) })
    }

    /// The stored event, its `at` as people read it.
    private mutating func triggerEvent(_ json: String?, _ times: TimeZoneRules) {
        raw(json.map { TriggerEventJSON.readable($0, times) })
    }

    mutating func time(_ epochMs: Int64?, _ times: TimeZoneRules) {
        string(epochMs.map(times.text))
    }
}

/// The event that a record keeps: JSON with `"at":<epoch ms>` as its first member.
enum TriggerEventJSON {
    /// The same with `at` as an RFC 3339 string; the text as it is when it does not begin that way.
    static func readable(_ json: String, _ times: TimeZoneRules) -> String {
        let opening = "{\"at\":"
        guard json.hasPrefix(opening) else { return json }
        let rest = json.utf8.dropFirst(opening.utf8.count)
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let epochMs = Int64(Substring(digits)) else { return json }
        return opening + "\"" + times.text(epochMs) + "\"" + Substring(rest.dropFirst(digits.count))
    }
}

/// The triggers that a record keeps when there are several: a JSON array of our own making.
enum TriggersJSON {
    /// The same with each `time` as an RFC 3339 string; the text as it is when it is no such JSON.
    static func readable(_ json: String, _ times: TimeZoneRules) -> String {
        let readable = Array(json.utf8).withUnsafeBytes { bytes in
            try? JSONReader.read(bytes) { array in  // What is no JSON is shown as it is.
                var writer = JSONWriter(capacity: json.utf8.count)
                writer.beginArray()
                for trigger in array.elements { write(trigger, times, to: &writer) }
                writer.endArray()
                return writer.text
            }
        }
        return readable ?? json
    }

    private static func write(_ trigger: JSONElement, _ times: TimeZoneRules, to writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in trigger.members {
            writer.key(utf8: key.utf8)
            if key.utf8.elementsEqual("time".utf8), let epochMs = value.number.flatMap({ Int64(exactly: $0) }) {
                writer.time(epochMs, times)
            } else {
                value.write(to: &writer)
            }
        }
        writer.endObject()
    }
}
