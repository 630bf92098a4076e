import KefuCore

/// How a frame, or an element of it, becomes an event: written in the contract's own words and read like any posted
/// one, so that the same rules and limits hold.
struct EventMapping: Sendable {
    enum Mapped {
        /// As `POST /api/event` would take it.
        case event([UInt8])
        case ignored
        case refused(InputError)
    }

    /// To the array of elements; nil: the frame is one event.
    var elements: JSONPointer?
    private var type: EventSource
    private var types: TypeTable?
    private var customer: EventSource
    private var text: EventSource?
    private var event: EventSource?
    private var eventID: EventSource?
    private var data: EventSource?
    private var conversation: EventSource?

    /// Reads the members of `in` that belong to it.
    init?(_ object: FileObject) {
        elements = object["events"]?.pointer()
        types = object["types"].flatMap(TypeTable.init)
        text = object["text"].flatMap { EventSource($0) }
        event = object["event"].flatMap { EventSource($0) }
        eventID = object["event_id"].flatMap { EventSource($0) }
        data = object["data"].flatMap { EventSource($0, mayHaveMembers: true) }
        conversation = object["conversation"].flatMap { EventSource($0, mayHaveMembers: true) }
        let type = object.required("type").flatMap { EventSource($0) }
        let customer = object.required("customer").flatMap { EventSource($0) }
        guard let type, let customer else { return nil }
        (self.type, self.customer) = (type, customer)
    }

    func map(_ element: JSONElement, in frame: JSONElement) -> Mapped {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        var named: TypeTable.Meaning?
        if let types {
            switch look(up: types, element, frame) {
            case .success(let found): named = found
            case .failure(let error): return .refused(error)
            }
            guard let kind = named?.kind else { return .ignored }
            json.key("type")
            json.string(kind.rawValue)
        } else {
            type.write("type", element, frame, to: &json)
        }
        json.key("customer")
        json.beginObject()
        customer.write("id", element, frame, to: &json)
        json.endObject()
        let kind = named?.kind
        if kind == nil || kind == .message { text?.write("text", element, frame, to: &json) }
        if let name = named?.eventName {
            json.key("event")
            json.string(name)
        } else if kind == nil || kind == .custom {
            event?.write("event", element, frame, to: &json)
        }
        data?.write("data", element, frame, to: &json)
        eventID?.write("event_id", element, frame, to: &json)
        conversation?.write("conversation", element, frame, to: &json)
        json.endObject()
        return .event(json.bytes)
    }

    private func look(
        up types: TypeTable, _ element: JSONElement, _ frame: JSONElement
    ) -> Result<TypeTable.Meaning, InputError> {
        func refused(_ detail: String) -> Result<TypeTable.Meaning, InputError> {
            .failure(InputError(.validation, field: "type", detail: detail))
        }
        let named: TypeTable.Meaning?
        switch type {
        case .constant(let value): named = types[quoted: value]
        case .found(let lookup):
            if let found = lookup.find(element, frame) {
                guard found.kind == .string || found.kind == .number && lookup.isText else {
                    return refused("must be a text")
                }
                named = types[found.utf8]
            } else if let fallback = lookup.fallback {
                named = types[quoted: fallback]
            } else {
                return refused("is required")
            }
        case .members: named = nil
        }
        return named.map { .success($0) } ?? refused("is not in the adapter's in.types: \(types.known)")
    }
}
