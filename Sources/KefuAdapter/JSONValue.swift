import KefuCore

/// A JSON value that outlives the document it was read from. Objects keep the order of their members.
package indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As written: no digit is lost.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSONValue
    }

    package init(_ element: JSONElement) {
        switch element.kind {
        case .null: self = .null
        case .bool: self = .bool(element.bool == true)
        case .number: self = .number(String(decoding: element.utf8, as: UTF8.self))
        case .string: self = .string(String(decoding: element.utf8, as: UTF8.self))
        case .array: self = .array(element.elements.map(JSONValue.init))
        case .object:
            self = .object(
                element.members.map { key, value in
                    Member(name: String(decoding: key.utf8, as: UTF8.self), value: JSONValue(value))
                })
        }
    }

    /// - Throws: when the text is not strict JSON; keys may be any UTF-8.
    package init(parsing text: [UInt8]) throws(InputError) {
        self = try JSONReader.read(text, freeKeys: true) { JSONValue($0) }
    }

    /// An object of these members, in order.
    static func members(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member(name: $0.0, value: $0.1) })
    }

    /// A string, or null.
    static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
    static func number(_ number: some BinaryInteger) -> JSONValue { .number(String(number)) }

    /// A member's value; nil when there is none, or when this is no object.
    subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// Follows names separated by dots; nil when the way ends early.
    func at(path: some Sequence<String>) -> JSONValue? {
        var place: JSONValue? = self
        for name in path { place = place?[name] }
        return place
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .null: json.null()
        case .bool(let value): json.bool(value)
        case .number(let text): json.raw(text)
        case .string(let text): json.string(text)
        case .array(let elements):
            json.beginArray()
            for element in elements { element.write(to: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for member in members {
                json.key(member.name)
                member.value.write(to: &json)
            }
            json.endObject()
        }
    }

    /// Compact.
    package var json: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.bytes
    }

    package var text: String { String(decoding: json, as: UTF8.self) }
}

extension JSONPointer {
    /// What the pointer leads to from this value; nil when there is nothing.
    func find(in root: JSONValue) -> JSONValue? {
        var place = root
        for step in steps {
            let next: JSONValue? =
                switch place {
                case .object(let members): members.first { $0.name.utf8.elementsEqual(step.name) }?.value
                case .array(let elements): step.index.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                default: nil
                }
            guard let next else { return nil }
            place = next
        }
        return place
    }
}
