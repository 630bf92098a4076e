import KefuCore

extension RedisTaskStore {
    package func stats() async throws(StoreError) -> StoreStats {
        // So that whoever asks this instance sees what it has just done.
        if !tally.isEmpty { try await writeHeartbeat(running: lastRunning.load(ordering: .relaxed)) }
        var arguments: [RedisArgument] = [.string(keys.prefix)]
        arguments += Counter.allCases.map { .string($0.rawValue) }
        var reader = try await run(ScriptCall(scripts.stats, keys: [keys.counts], arguments: arguments))
        var stats = StoreStats()
        try stats.readSizes(&reader)
        try stats.readCounts(&reader)
        for (priority, number) in zip([Priority.urgent, .high, .normal], try reader.numbers()) {
            stats.ready[priority] = number
        }
        stats.oldestReadyMs = try reader.optionalInt()
        for row in try reader.rows() { stats.instances.append(try StoreStats.Instance(row)) }
        for (counter, number) in zip(Counter.allCases, try reader.numbers()) { stats.lastMinute[counter] = number }
        for (counter, number) in zip(Counter.allCases, try reader.numbers()) { stats.lastHour[counter] = number }
        return stats
    }
}

extension StoreStats {
    /// What waits is the rest: each accepted task stands in `created`, and once in a queue of its state.
    fileprivate mutating func readSizes(_ reader: inout ReplyReader) throws(StoreError) {
        let sizes = try reader.numbers()
        guard sizes.count == 10 else { throw .defect("stats answered \(sizes.count) sizes") }
        let (completed, failed, cancelled) = (sizes[1], sizes[2], sizes[3])
        running = sizes[4]
        retrying = sizes[5]
        scheduled = sizes[6]
        armed = sizes[7] - scheduled
        callbacks = sizes[8]
        callbacksDead = sizes[9]
        byStatus = [
            .pending: 0, .waiting: sizes[0] - completed - failed - cancelled - running, .running: running,
            .completed: completed, .failed: failed, .cancelled: cancelled,
        ]
    }

    /// `<priority>:<trigger>` → number.
    fileprivate mutating func readCounts(_ reader: inout ReplyReader) throws(StoreError) {
        for priority in Priority.allCases { byPriority[priority] = 0 }
        for trigger in TriggerKind.allCases { byTrigger[trigger] = 0 }
        var row = try reader.row()
        for (name, number) in row?.fields() ?? [:] {
            let parts = name.split(separator: ":").map(String.init)
            guard parts.count == 2, let number = Int(number) else { continue }
            // Whatever somebody may have written there, it must not end the process.
            if let priority = Priority(rawValue: parts[0]) { byPriority[priority, default: 0] &+= number }
            if let trigger = TriggerKind(rawValue: parts[1]) { byTrigger[trigger, default: 0] &+= number }
        }
    }
}

extension StoreStats.Instance {
    fileprivate init(_ row: ReplyReader) throws(StoreError) {
        var row = row
        let (id, seen) = (try row.string(), try row.int())
        let fields = row.fields()
        self.init(
            id: id, host: fields["host"] ?? "", version: fields["version"] ?? "",
            startedAtMs: fields["started_at"].flatMap { Int64($0) } ?? 0, lastSeenMs: seen,
            running: fields["running"].flatMap { Int($0) } ?? 0)
    }
}

extension ReplyReader {
    fileprivate mutating func numbers() throws(StoreError) -> [Int] {
        (try next().array ?? []).map { Int($0.integer ?? 0) }
    }
}
