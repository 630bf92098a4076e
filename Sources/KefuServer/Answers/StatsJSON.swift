import KefuCore

extension JSONWriter {
    /// `data` of the statistics.
    mutating func stats(_ stats: StoreStats, _ times: TimeZoneRules) {
        beginObject()
        key("total")
        int(stats.byStatus.values.reduce(0, +))
        key("by_status")
        counts(stats.byStatus)
        key("by_priority")
        counts(stats.byPriority)
        key("by_trigger")
        counts(stats.byTrigger)
        key("queues")
        queues(stats)
        key("oldest_ready_ms")
        int(stats.oldestReadyMs)
        key("instances")
        beginArray()
        for instance in stats.instances { self.instance(instance, times) }
        endArray()
        key("last_minute")
        counts(stats.lastMinute)
        key("last_hour")
        counts(stats.lastHour)
        endObject()
    }

    /// Every word of the list, those without a count as 0.
    private mutating func counts<Word: RawRepresentable & CaseIterable & Hashable>(_ counts: [Word: Int])
    where Word.RawValue == String {
        beginObject()
        for word in Word.allCases {
            key(word.rawValue)
            int(counts[word] ?? 0)
        }
        endObject()
    }

    private mutating func queues(_ stats: StoreStats) {
        beginObject()
        key("armed")
        int(stats.armed)
        key("scheduled")
        int(stats.scheduled)
        key("ready")
        counts(stats.ready)
        key("retrying")
        int(stats.retrying)
        key("running")
        int(stats.running)
        key("callbacks")
        int(stats.callbacks)
        key("callbacks_dead")
        int(stats.callbacksDead)
        endObject()
    }

    private mutating func instance(_ instance: StoreStats.Instance, _ times: TimeZoneRules) {
        beginObject()
        key("id")
        string(instance.id)
        key("host")
        string(instance.host)
        key("version")
        string(instance.version)
        key("started_at")
        time(instance.startedAtMs, times)
        key("last_seen")
        time(instance.lastSeenMs, times)
        key("running")
        int(instance.running)
        endObject()
    }
}
