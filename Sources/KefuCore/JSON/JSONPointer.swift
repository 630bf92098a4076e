/// A JSON pointer (RFC 6901), taken apart once: the way from a value to one inside it.
package struct JSONPointer: Sendable, Hashable {
    /// The deepest that a document goes (``JSONReader/maxDepth``), and so the longest way.
    package static let mostSteps = JSONReader.maxDepth

    package struct Step: Sendable, Hashable {
        /// Of a member, with `~0` and `~1` undone.
        package var name: [UInt8]
        /// Of an element: digits without a leading zero.
        package var index: Int?
    }

    /// As written: empty, or `/` before every step.
    package let text: String
    package let steps: [Step]

    /// Nil when the text is no pointer: not empty and without `/` in front, or with a `~` that is neither `~0` nor
    /// `~1`, or longer than ``mostSteps``.
    package init?(_ text: String) {
        self.text = text
        if text.isEmpty {
            steps = []
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var steps: [Step] = []
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard steps.count < Self.mostSteps, let name = Self.unescaped(part) else { return nil }
            steps.append(Step(name: name, index: Self.index(part)))
        }
        self.steps = steps
    }

    private static func unescaped(_ part: Substring.UTF8View) -> [UInt8]? {
        var name: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                name.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "0"): name.append(UInt8(ascii: "~"))
            case UInt8(ascii: "1"): name.append(UInt8(ascii: "/"))
            default: return nil
            }
        }
        return name
    }

    private static func index(_ part: Substring.UTF8View) -> Int? {
        guard let first = part.first, part.count <= 9, part.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return first == 0x30 && part.count > 1 ? nil : Int(Substring(part))
    }

    /// What the pointer leads to from this value; nil when there is nothing. `null` is something.
    package func find(in root: JSONElement) -> JSONElement? {
        var place = root
        for step in steps {
            let next: JSONElement? =
                switch place.kind {
                case .object: place.member(utf8: step.name)
                case .array: step.index.flatMap { place.element(at: $0) }
                default: nil
                }
            guard let next else { return nil }
            place = next
        }
        return place
    }
}
