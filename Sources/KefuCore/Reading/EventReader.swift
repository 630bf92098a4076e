/// Reads an event as the customer gateway reports it.
enum EventReader {
    /// The words of `type`; the old system's names for a message are still taken.
    private enum Word: String, CaseIterable {
        case customerMessage = "customer_message"
        case customerPayment = "customer_payment"
        case customerOrder = "customer_order"
        case customEvent = "custom_event"
        case customerReply = "customer_reply"
        case customerKeyword = "customer_keyword"

        var kind: EventKind {
            switch self {
            case .customerMessage, .customerReply, .customerKeyword: .message
            case .customerPayment: .payment
            case .customerOrder: .order
            case .customEvent: .custom
            }
        }
    }

    static func read(_ element: JSONElement) throws(InputError) -> CustomerEvent {
        let object = try ObjectReader(element)
        let word = try object.requiredWord("type", Word.self)
        let customerID = try object.required("customer") { (element) throws(InputError) in
            try ObjectReader(element).requiredID("id")
        }
        var event = CustomerEvent(kind: word.kind, customerID: customerID, recordJSON: "")
        var record = JSONWriter()
        record.beginObject()
        record.key("type")
        record.string(word.rawValue)
        try readText(object, into: &event, &record)
        if event.kind == .custom {
            event.eventName = try object.required("event", .bytes(1...InputLimits.labelBytes))
            record.key("event")
            record.string(event.eventName)
        } else {
            try object.check("event", is: .string)
        }
        event.dataJSON = try readObject(object, "data", atMost: InputLimits.dataBytes, &record)
        event.eventID = try object.optional("event_id") { (id) throws(InputError) in try Identifier.read(id) }
        if let eventID = event.eventID {
            record.key("event_id")
            record.string(eventID)
        }
        _ = try readObject(object, "conversation", atMost: InputLimits.conversationBytes, &record)
        record.endObject()
        event.recordJSON = record.text
        return event
    }

    private static func readText(
        _ object: ObjectReader, into event: inout CustomerEvent, _ record: inout JSONWriter
    ) throws(InputError) {
        guard event.kind == .message else { return try object.check("text", is: .string) }
        event.normalizedText = try object.required("text") { (element) throws(InputError) in
            try element.expect(.string)
            try TextLimit.bytes(0...InputLimits.textBytes).check(element.utf8)
            record.key("text")
            record.string(utf8: element.utf8)
            let limit = InputLimits.normalizedTextBytes
            guard let normalized = Normalizer.normalize(utf8: element.utf8, atMost: limit) else {
                throw InputError(.validation, detail: "must be at most \(limit) bytes long when normalized")
            }
            return normalized
        }
        event.exactText = Normalizer.trimPunctuation(event.normalizedText)
    }

    /// Copies an object into the record, if there is one.
    private static func readObject(
        _ object: ObjectReader, _ name: StaticString, atMost limit: Int, _ record: inout JSONWriter
    ) throws(InputError) -> String? {
        let json = try object.optional(name) { (element) throws(InputError) in
            try element.expect(.object)
            let json = element.compactJSON
            guard json.utf8.count <= limit else {
                throw InputError(.validation, detail: "must be at most \(limit) bytes long as compact JSON")
            }
            return json
        }
        if let json {
            record.key(name)
            record.raw(json)
        }
        return json
    }
}
