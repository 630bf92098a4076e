/// The body of a gateway request: every member always present, null where there is nothing.
package enum GatewayBody {
    package static func json(of request: ActionRequest, formatTime: (Int64) -> String) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        writeMembers(of: request, to: &json, formatTime: formatTime)
        json.endObject()
        return json.bytes
    }

    /// The body's members, for a frame that has some more.
    package static func writeMembers(
        of request: ActionRequest, to json: inout JSONWriter, formatTime: (Int64) -> String
    ) {
        json.key("task_id")
        json.string(request.taskID)
        json.key("generation")
        json.int(request.generation)
        json.key("attempt")
        json.int(request.attempt)
        json.key("action")
        write(request.action, to: &json)
        json.key("customer")
        json.beginObject()
        json.key("id")
        json.string(request.customer.id)
        json.key("name")
        json.string(request.customer.name)
        json.endObject()
        json.key("trigger_event")
        json.raw(
            request.triggerEventJSON.map { event in
                withReadableTime(RecordedEvent(event)?.withoutTrace ?? event, formatTime: formatTime)
            })
    }

    private static func write(_ action: Action, to json: inout JSONWriter) {
        json.beginObject()
        json.key("type")
        json.string(action.kind.rawValue)
        json.key("message")
        json.string(action.message)
        json.key("file_url")
        json.string(action.fileURL)
        json.key("url")
        json.string(action.url)
        json.endObject()
    }

    /// The event with the epoch milliseconds of its first member, `"at":<digits>`, as a formatted string. An event
    /// that does not begin so was not written by the store's scripts and passes as it is.
    package static func withReadableTime(_ event: String, formatTime: (Int64) -> String) -> String {
        let lead = #"{"at":"#
        guard event.hasPrefix(lead) else { return event }
        let rest = event.utf8.dropFirst(lead.utf8.count)
        let digits = rest.prefix { $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let atMs = Int64(Substring(digits)) else { return event }
        return #"\#(lead)"\#(formatTime(atMs))"\#(Substring(rest.dropFirst(digits.count)))"#
    }
}
