/// A task's triggers once more from the fields of its record, which hold them as they were sent. What was added in
/// between, the texts that `match` compares, is made anew by the reader that made it when the task came.
extension Trigger {
    /// - Parameter fields: of the record; `lua/README.md` has their names.
    /// - Returns: at least one; of a single `time_reach` its time is left out.
    /// - Throws: what is missing or cannot be read; the field is that of the triggers as sent.
    package static func all(record fields: [String: String]) throws(InputError) -> [Trigger] {
        guard let several = fields["triggers"] else { return [try read(text(of: fields))] }
        return try reading(Array(several.utf8)) { (element, reader) throws(InputError) in
            var triggers: [Trigger] = []
            for (index, item) in element.elements.enumerated() {
                do throws(InputError) { triggers.append(try recorded(item, reader)) } catch {
                    throw error.inside("triggers[\(index)]")
                }
            }
            return triggers
        }
    }

    /// Times are milliseconds in a record, not what a sender writes.
    private static func recorded(_ item: JSONElement, _ reader: TriggerReader) throws(InputError) -> Trigger {
        let object = try ObjectReader(item)
        guard try object.requiredWord("type", TriggerKind.self) == .timeReach else { return try reader.read(item) }
        var trigger = Trigger(kind: .timeReach)
        let time = try object.required("time") { (element) throws(InputError) in try element.finiteNumber() }
        trigger.timeMs = Int64(exactly: time)
        return trigger
    }

    private static func read(_ json: [UInt8]) throws(InputError) -> Trigger {
        try reading(json) { (element, reader) throws(InputError) in
            let kind = try ObjectReader(element).requiredWord("type", TriggerKind.self)
            return kind == .timeReach ? Trigger(kind: kind) : try reader.read(element)
        }
    }

    private static func reading<Value>(
        _ json: [UInt8], _ body: (JSONElement, TriggerReader) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        // The zone is for times as senders write them.
        guard let zone = TimeZoneRules(name: "UTC") else { throw InputError(.validation, detail: "no time zones") }
        let reader = TriggerReader(timeZone: zone, eventLog: .seconds(3600))
        let value = json.withUnsafeBytes { buffer in
            Result { () throws(InputError) in
                try JSONReader.read(buffer) { (element) throws(InputError) in try body(element, reader) }
            }
        }
        return try value.get()
    }

    /// The only trigger, as a sender writes it.
    private static func text(of fields: [String: String]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string(fields["trigger_type"])
        json.key("keyword")
        json.string(fields["trigger_keyword"])
        json.key("keywords")
        json.raw(fields["trigger_keywords"])
        json.key("match")
        json.string(fields["trigger_match"])
        json.key("exclude")
        json.raw(fields["trigger_exclude"])
        json.key("where")
        json.raw(fields["trigger_where"])
        json.key("event")
        json.string(fields["trigger_event_name"])
        json.endObject()
        return json.bytes
    }
}
