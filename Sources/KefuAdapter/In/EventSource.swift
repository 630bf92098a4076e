import KefuCore

/// Where one field of an event comes from.
indirect enum EventSource: Sendable {
    /// As JSON, the same in every event.
    case constant(String)
    case found(Lookup)
    /// An object made of other sources; members that are nowhere are left out.
    case members([(name: String, source: EventSource)])

    struct Lookup: Sendable {
        /// The first that leads to something other than null counts.
        var pointers: [JSONPointer]
        /// Whether they begin at the whole frame instead of at the event's element.
        var isInFrame: Bool
        /// Whether a number counts as a text: its digits as sent.
        var isText: Bool
        /// As JSON: when no pointer leads anywhere.
        var fallback: String?

        func find(_ element: JSONElement, _ frame: JSONElement) -> JSONElement? {
            for pointer in pointers {
                if let found = pointer.find(in: isInFrame ? frame : element), found.kind != .null { return found }
            }
            return nil
        }
    }

    /// Writes `"name": value`, or nothing when there is no value.
    func write(_ name: String, _ element: JSONElement, _ frame: JSONElement, to json: inout JSONWriter) {
        switch self {
        case .constant(let value):
            json.key(name)
            json.raw(value)
        case .found(let lookup):
            if let found = lookup.find(element, frame) {
                json.key(name)
                if lookup.isText, found.kind == .number {
                    json.string(utf8: found.utf8)
                } else {
                    found.write(to: &json)
                }
            } else if let fallback = lookup.fallback {
                json.key(name)
                json.raw(fallback)
            }
        case .members(let members):
            json.key(name)
            json.beginObject()
            for member in members { member.source.write(member.name, element, frame, to: &json) }
            json.endObject()
        }
    }

    /// A pointer; or an object with `pointer` or `frame`, `default`, `as_text`; or `{"const": …}`; or, where an object
    /// may be made, `{"members": {…}}`.
    init?(_ place: FilePlace, mayHaveMembers: Bool = false) {
        if case .string = place.value {
            guard let pointer = place.pointer() else { return nil }
            self = .found(Lookup(pointers: [pointer], isInFrame: false, isText: false, fallback: nil))
            return
        }
        guard case .object = place.value else {
            place.flaw("must be a JSON pointer, or an object with pointer, frame or const")
            return nil
        }
        let known = ["pointer", "frame", "default", "as_text", "const"] + (mayHaveMembers ? ["members"] : [])
        guard let members = place.members() else { return nil }
        for (name, member) in members where !known.contains(name) {
            member.flaw("is unknown; allowed here: \(known.joined(separator: ", "))")
        }
        let object = FileObject(place: place)
        let kinds = ["pointer", "frame", "const", "members"].filter { known.contains($0) && object[$0] != nil }
        guard kinds.count == 1, let kind = object[kinds[0]] else {
            place.flaw("must have exactly one of: pointer, frame, const\(mayHaveMembers ? ", members" : "")")
            return nil
        }
        let only = kinds[0] == "const" || kinds[0] == "members"
        for name in ["default", "as_text"] where only { object[name]?.flaw("goes with pointer or frame only") }
        switch kinds[0] {
        case "const": self = .constant(kind.value.text)
        case "members":
            guard let members = kind.members() else { return nil }
            let sources = members.map { ($0.name, EventSource($0.place, mayHaveMembers: true)) }
            self = .members(sources.compactMap { name, source in source.map { (name, $0) } })
        default:
            let pointers = kind.oneOrMore().map { $0.pointer() }
            if pointers.isEmpty || pointers.contains(where: { $0 == nil }) {
                if pointers.isEmpty { kind.flaw("must have at least one pointer") }
                return nil
            }
            self = .found(
                Lookup(
                    pointers: pointers.compactMap(\.self), isInFrame: kinds[0] == "frame",
                    isText: object["as_text"]?.bool() ?? false, fallback: object["default"]?.value.text))
        }
    }
}
