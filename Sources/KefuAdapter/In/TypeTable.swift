import KefuCore

/// From the platform's names for what happened to ours.
struct TypeTable: Sendable {
    /// What the file may say of a name.
    enum Word: String, CaseIterable {
        case customerMessage = "customer_message"
        case customerPayment = "customer_payment"
        case customerOrder = "customer_order"
        case customEvent = "custom_event"
        case ignore
    }

    struct Meaning: Sendable {
        /// Nil: such events are ignored.
        var kind: EventKind?
        /// Of a custom event: its name, where the platform's type says it.
        var eventName: String?
    }

    private var meanings: [(name: [UInt8], meaning: Meaning)] = []
    /// For every other name; nil: refused.
    private var rest: Meaning?

    /// `{"platform's name": "our word" | {"type": "custom_event", "event": "name"}, "*": …}`.
    init?(_ place: FilePlace) {
        guard let members = place.members() else { return nil }
        if members.isEmpty { place.flaw("must not be empty") }
        for (name, place) in members {
            guard let meaning = Self.meaning(place) else { continue }
            if name == "*" { rest = meaning } else { meanings.append((Array(name.utf8), meaning)) }
        }
    }

    private static func meaning(_ place: FilePlace) -> Meaning? {
        if case .string = place.value {
            return place.word(Word.self).map { Meaning(kind: EventKind(rawValue: $0.rawValue)) }
        }
        guard case .object = place.value else {
            place.flaw("must be one of our types, ignore, or {\"type\", \"event\"}")
            return nil
        }
        guard let object = place.object("type", "event") else { return nil }
        let kind = object.required("type")?.word(Word.self).map { Meaning(kind: EventKind(rawValue: $0.rawValue)) }
        let name = object["event"]?.text()
        guard var meaning = kind else { return nil }
        if name != nil, meaning.kind != .custom {
            object["event"]?.flaw("goes with the type custom_event only")
        }
        meaning.eventName = name
        return meaning
    }

    /// Nil: the name is refused.
    subscript(name: UnsafeBufferPointer<UInt8>) -> Meaning? {
        for meaning in meanings where meaning.name.count == name.count && meaning.name.elementsEqual(name) {
            return meaning.meaning
        }
        return rest
    }

    /// The same for a JSON string of the file.
    subscript(quoted json: String) -> Meaning? {
        Array(json.utf8.dropFirst().dropLast()).withUnsafeBufferPointer { self[$0] }
    }

    /// For an error.
    var known: String {
        meanings.prefix(20).map { String(decoding: $0.name, as: UTF8.self) }.joined(separator: ", ")
    }
}
