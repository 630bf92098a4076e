import KefuCore

/// Frames that are no events: which ones, and what is answered.
struct FrameRule: Sendable {
    private var conditions: [(pointer: JSONPointer, values: [JSONValue])]
    /// Nil: nothing is answered.
    var answer: AnswerTemplate?

    /// `{"when": {"/pointer": value or [values]}, "ignore": true}` or `"answer": {…}`.
    init?(_ place: FilePlace, environment: [String]) {
        guard let object = place.object("when", "ignore", "answer") else { return nil }
        conditions = Self.conditions(object.required("when"))
        let isIgnoring = object["ignore"]?.bool()
        answer = object["answer"].flatMap { AnswerTemplate($0, .none.with(environment: environment)) }
        if (isIgnoring == true) == (object["answer"] != nil) {
            place.flaw("must have exactly one of: \"ignore\": true, answer")
            return nil
        }
    }

    /// All must hold. A value is compared as it is written; null also means that there is nothing.
    static func conditions(_ place: FilePlace?) -> [(pointer: JSONPointer, values: [JSONValue])] {
        guard let place, let members = place.members() else { return [] }
        if members.isEmpty { place.flaw("must have at least one pointer") }
        return members.compactMap { name, place in
            guard let pointer = JSONPointer(name) else {
                place.flaw("must be a JSON pointer (RFC 6901), such as /type")
                return nil
            }
            return (pointer, place.scalars())
        }
    }

    func holds(for frame: JSONElement) -> Bool { Self.hold(conditions, for: frame) }

    static func hold(_ conditions: [(pointer: JSONPointer, values: [JSONValue])], for frame: JSONElement) -> Bool {
        conditions.allSatisfy { pointer, values in
            let found = pointer.find(in: frame)
            return values.contains { $0.isSame(as: found) }
        }
    }
}

extension FilePlace {
    /// A text, number, true, false or null, or several of them.
    func scalars() -> [JSONValue] {
        let places = oneOrMore()
        if places.isEmpty { flaw("must have at least one value") }
        for place in places {
            switch place.value {
            case .array, .object: place.flaw("must be a text, a number, true, false or null")
            default: break
            }
        }
        return places.map(\.value)
    }
}

extension JSONValue {
    /// Whether a scalar of the file is what stands there. Numbers compare as doubles, null is nothing, too.
    func isSame(as element: JSONElement?) -> Bool {
        guard let element, element.kind != .null else { return self == .null }
        switch self {
        case .string(let text): return element.kind == .string && element.utf8.elementsEqual(text.utf8)
        case .number(let text): return element.kind == .number && element.number == Double(text)
        case .bool(let flag): return element.bool == flag
        case .null, .array, .object: return false
        }
    }
}
