import KefuCore

/// Bodies of requests.
enum TaskBody {
    /// `{"task_id": …}` and what else is not nil.
    static func naming(_ id: String, reason: String? = nil) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("task_id")
        json.string(id)
        if let reason {
            json.key("reason")
            json.string(reason)
        }
        json.endObject()
        return json.bytes
    }
}
