/// A task's trigger once more from the fields of its record, which hold it as it was sent. What was added in between,
/// the texts that `match` compares, is made anew by the reader that made it when the task came.
extension Trigger {
    /// - Parameter fields: of the record; `lua/README.md` has their names.
    /// - Throws: what is missing or cannot be read; the field is that of the trigger as sent.
    package init(record fields: [String: String]) throws(InputError) {
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
        // The zone is for times, which a record holds in milliseconds.
        guard let zone = TimeZoneRules(name: "UTC") else { throw InputError(.validation, detail: "no time zones") }
        let trigger = json.bytes.withUnsafeBytes { buffer in
            Result { () throws(InputError) in
                try JSONReader.read(buffer) { (element) throws(InputError) in
                    try TriggerReader(timeZone: zone).read(element)
                }
            }
        }
        self = try trigger.get()
    }
}
