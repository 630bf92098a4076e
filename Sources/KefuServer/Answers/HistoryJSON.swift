import KefuCore

extension JSONWriter {
    /// `data` of the history: each point has when its step began and every counter.
    mutating func history(_ history: History, _ times: TimeZoneRules) {
        beginObject()
        key("span")
        string(history.span.rawValue)
        key("step_seconds")
        int(history.span.stepMinutes * 60)
        key("points")
        beginArray()
        for point in history.points {
            beginObject()
            key("at")
            time(point.atMs, times)
            for counter in Counter.allCases {
                key(counter.rawValue)
                int(point.counts[counter] ?? 0)
            }
            endObject()
        }
        endArray()
        endObject()
    }
}
