/// A place in a document that was read. Valid inside ``JSONReader/read(_:surroundings:_:)`` only.
package struct JSONElement {
    package enum Kind: Sendable {
        case null, bool, number, string, array, object
    }

    let tape: JSONTape
    let index: Int

    private var node: JSONNode { tape.nodes[index] }

    package var kind: Kind {
        switch node.kind {
        case .null: .null
        case .true, .false: .bool
        case .number: .number
        case .string, .key: .string
        case .array: .array
        case .object: .object
        }
    }

    /// Of a string its contents without quotes and escapes, of a number its text as sent.
    package var utf8: UnsafeBufferPointer<UInt8> {
        let node = node
        let base = node.isDecoded ? tape.decoded : tape.source
        return UnsafeBufferPointer(start: base + Int(node.start), count: Int(node.end - node.start))
    }

    /// The contents of a string; nil for other kinds.
    package var string: String? {
        kind == .string ? String(decoding: utf8, as: UTF8.self) : nil
    }

    package var bool: Bool? {
        switch node.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// A finite double; nil for other kinds.
    package var number: Double? {
        guard node.kind == .number else { return nil }
        // Doubles hold all integers of so many digits; most numbers are such.
        if utf8.count <= 15, utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return Double(utf8.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) })
        }
        return Double(String(decoding: utf8, as: UTF8.self))
    }

    /// The value of an object's member; nil when there is none. `null` is a value.
    package func member(_ name: StaticString) -> JSONElement? {
        guard node.kind == .object else { return nil }
        var key = index + 1
        let end = Int(node.next)
        while key < end {
            if name.matches(JSONElement(tape: tape, index: key).utf8) {
                return JSONElement(tape: tape, index: key + 1)
            }
            key = Int(tape.nodes[key + 1].next)
        }
        return nil
    }

    /// The same for a name that is not a constant.
    package func member(utf8 name: [UInt8]) -> JSONElement? {
        guard node.kind == .object else { return nil }
        return name.withUnsafeBufferPointer { name in
            var key = index + 1
            let end = Int(node.next)
            while key < end {
                let candidate = JSONElement(tape: tape, index: key).utf8
                if candidate.count == name.count, candidate.elementsEqual(name) {
                    return JSONElement(tape: tape, index: key + 1)
                }
                key = Int(tape.nodes[key + 1].next)
            }
            return nil
        }
    }

    /// An array's element, counted from 0; nil when there is none.
    package func element(at position: Int) -> JSONElement? {
        guard node.kind == .array else { return nil }
        var place = index + 1
        let end = Int(node.next)
        for _ in 0..<position {
            guard place < end else { return nil }
            place = Int(tape.nodes[place].next)
        }
        return place < end ? JSONElement(tape: tape, index: place) : nil
    }

    /// The keys and values of an object; of other kinds none.
    package var members: some Sequence<(key: JSONElement, value: JSONElement)> {
        sequence(from: .object) { key in
            (JSONElement(tape: tape, index: key), JSONElement(tape: tape, index: key + 1))
        } step: { key in
            Int(tape.nodes[key + 1].next)
        }
    }

    /// The values of an array; of other kinds none.
    package var elements: some Sequence<JSONElement> {
        sequence(from: .array) {
            JSONElement(tape: tape, index: $0)
        } step: {
            Int(tape.nodes[$0].next)
        }
    }

    private func sequence<Item>(
        from kind: JSONNode.Kind, item: @escaping (Int) -> Item, step: @escaping (Int) -> Int
    ) -> UnfoldSequence<Item, Int> {
        let end = node.kind == kind ? Int(node.next) : 0
        return Swift.sequence(state: index + 1) { at in
            guard at < end else { return nil }
            defer { at = step(at) }
            return item(at)
        }
    }

    /// The value as compact JSON: no white space, escapes only where JSON needs them, numbers as sent.
    package func write(to json: inout JSONWriter) {
        switch node.kind {
        case .null: json.null()
        case .true: json.bool(true)
        case .false: json.bool(false)
        case .number: json.raw(utf8: utf8)
        case .string, .key: json.string(utf8: utf8)
        case .array:
            json.beginArray()
            for element in elements { element.write(to: &json) }
            json.endArray()
        case .object:
            json.beginObject()
            for (key, value) in members {
                json.key(utf8: key.utf8)
                value.write(to: &json)
            }
            json.endObject()
        }
    }

    package var compactJSON: String {
        var json = JSONWriter(capacity: Int(node.end - node.start))
        write(to: &json)
        return json.text
    }
}

extension JSONElement {
    /// The path, inside this value, of the first string with more than ``MarkRun/longest`` combining marks in a
    /// row; of a key, its object's path. Nil when there is none.
    package var firstMarkRun: String? {
        guard tape.hasMarkRuns else { return nil }
        guard let culprit = (index..<Int(node.next)).first(where: { tape.nodes[$0].hasMarkRun }) else { return nil }
        return path(to: culprit)
    }

    private func path(to descendant: Int) -> String {
        var position = 0
        for element in elements {
            if element.contains(descendant) { return join("[\(position)]", element.path(to: descendant)) }
            position += 1
        }
        for (key, value) in members where value.contains(descendant) {
            return join(String(decoding: key.utf8, as: UTF8.self), value.path(to: descendant))
        }
        return ""
    }

    private func contains(_ descendant: Int) -> Bool { (index..<Int(node.next)).contains(descendant) }

    private func join(_ head: String, _ tail: String) -> String {
        tail.isEmpty || tail.utf8.first == UInt8(ascii: "[") ? head + tail : head + "." + tail
    }
}
