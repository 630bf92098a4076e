/// The event that fired a task as its record keeps it: a JSON object of our own making whose members begin with `at`,
/// in epoch milliseconds, and then, if the event was part of a trace, `traceparent`.
package struct RecordedEvent: Sendable, Equatable {
    private static let at = "{\"at\":"
    private static let trace = ",\"traceparent\":\""
    /// What scripts record when nobody reported an event.
    private static let ownKinds = ["\"type\":\"time_reach\"}", "\"type\":\"manual\"}"]

    private let json: String
    /// Where the digits of `at` end, and where what follows a `traceparent` begins.
    private let atEnd: String.Index
    private let restStart: String.Index
    /// Of the event, nil when it had none.
    package let trace: TraceParent?

    /// nil for a text that was not recorded by a script.
    package init?(_ json: String) {
        let bytes = json.utf8
        guard bytes.starts(with: Self.at.utf8) else { return nil }
        let digits = bytes.dropFirst(Self.at.utf8.count)
        let end = digits.firstIndex { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? bytes.endIndex
        self.json = json
        atEnd = end
        let rest = bytes[end...]
        let value = rest.dropFirst(Self.trace.utf8.count)
        guard rest.starts(with: Self.trace.utf8), let quote = value.firstIndex(of: UInt8(ascii: "\"")) else {
            restStart = end
            trace = nil
            return
        }
        restStart = bytes.index(after: quote)
        trace = TraceParent(String(Substring(value[..<quote])))
    }

    /// The same without its `traceparent`, as the contract shows it.
    package var withoutTrace: String {
        atEnd == restStart ? json : String(json[..<atEnd]) + json[restStart...]
    }

    /// Whether somebody reported it; else a time came, or a person fired the task.
    package var isReported: Bool { !Self.ownKinds.contains { json.hasSuffix($0) } }
}

extension CustomerEvent {
    /// Makes the event part of a trace, in the record of the tasks that it fires, too.
    package mutating func join(_ trace: TraceParent?) {
        guard let trace else { return }
        recordJSON = "{\"traceparent\":\"\(trace.text)\"," + recordJSON.dropFirst()
    }
}
