/// Reads the known members of a JSON object. A member that is null counts as absent, an unknown one is not looked
/// at. Errors carry the member's name as their path; whoever reads the object puts its own path before it.
struct ObjectReader {
    private let object: JSONElement

    init(_ element: JSONElement) throws(InputError) {
        guard element.kind == .object else { throw InputError(.validation, detail: "must be an object") }
        object = element
    }

    subscript(_ name: StaticString) -> JSONElement? {
        guard let member = object.member(name), member.kind != .null else { return nil }
        return member
    }

    /// Runs `read` on a member that must be there.
    func required<Value>(
        _ name: StaticString, _ read: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        guard let value = try optional(name, read) else {
            throw InputError(.validation, field: "\(name)", detail: "is required")
        }
        return value
    }

    /// Runs `read` on a member if it is there.
    func optional<Value>(
        _ name: StaticString, _ read: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> Value? {
        guard let member = self[name] else { return nil }
        do { return try read(member) } catch { throw error.inside("\(name)") }
    }

    func required(_ name: StaticString, _ limit: TextLimit) throws(InputError) -> String {
        try required(name) { (element) throws(InputError) in try element.text(limit) }
    }

    func optional(_ name: StaticString, _ limit: TextLimit) throws(InputError) -> String? {
        try optional(name) { (element) throws(InputError) in try element.text(limit) }
    }

    func requiredID(_ name: StaticString) throws(InputError) -> String {
        try required(name) { (element) throws(InputError) in try Identifier.read(element) }
    }

    /// One of a closed list of words.
    func optionalWord<Word: RawRepresentable<String> & CaseIterable>(
        _ name: StaticString, _: Word.Type
    ) throws(InputError) -> Word? {
        try optional(name) { (element) throws(InputError) in try element.word() }
    }

    func requiredWord<Word: RawRepresentable<String> & CaseIterable>(
        _ name: StaticString, _: Word.Type
    ) throws(InputError) -> Word {
        try required(name) { (element) throws(InputError) in try element.word() }
    }

    /// Of a member that does not apply only the type is checked.
    func check(_ name: StaticString, is kind: JSONElement.Kind) throws(InputError) {
        _ = try optional(name) { (element) throws(InputError) in try element.expect(kind) }
    }
}

extension JSONElement {
    func expect(_ expected: Kind) throws(InputError) {
        if kind != expected { throw InputError(.validation, detail: "must be \(Self.noun(expected))") }
    }

    func text(_ limit: TextLimit) throws(InputError) -> String {
        try expect(.string)
        try limit.check(utf8)
        return String(decoding: utf8, as: UTF8.self)
    }

    func word<Word: RawRepresentable<String> & CaseIterable>() throws(InputError) -> Word {
        try expect(.string)
        for word in Word.allCases where utf8.elementsEqual(word.rawValue.utf8) { return word }
        let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(.validation, detail: "must be one of: \(allowed)")
    }

    func finiteNumber() throws(InputError) -> Double {
        try expect(.number)
        // The reader has refused numbers that no double can hold.
        return number ?? 0
    }

    private static func noun(_ kind: Kind) -> String {
        switch kind {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a text"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension InputError {
    /// The same error, seen from the value that has the failing one as its member or element `name`.
    func inside(_ name: String) -> InputError {
        var error = self
        if let field, !field.isEmpty {
            error.field = field.utf8.first == UInt8(ascii: "[") ? name + field : name + "." + field
        } else {
            error.field = name
        }
        return error
    }
}
