import KefuCore

/// One thing that is wrong with an adapter file.
package struct AdapterFlaw: Error, Sendable, Equatable, CustomStringConvertible {
    /// Such as `out.send_file.body.text.content`; empty for the file as a whole.
    package var path: String
    /// English: what is allowed.
    package var detail: String

    package init(path: String, detail: String) {
        self.path = path
        self.detail = detail
    }

    package var description: String { path.isEmpty ? detail : "\(path): \(detail)" }
}

/// All that is wrong with one file. Reading goes on after a flaw, so that a person sees all of them at once.
final class FlawList {
    private(set) var flaws: [AdapterFlaw] = []

    func add(_ path: String, _ detail: String) {
        let flaw = AdapterFlaw(path: path, detail: detail)
        // What stands in `out.all` is read for each action.
        if !flaws.contains(flaw) { flaws.append(flaw) }
    }
}

/// A value of the file with the path to it. What reads it notes what is wrong and answers nil.
struct FilePlace {
    let value: JSONValue
    let path: String
    let flaws: FlawList

    func flaw(_ detail: String) { flaws.add(path, detail) }

    func at(_ name: String, _ value: JSONValue) -> FilePlace {
        let isPlain = !name.isEmpty && name.utf8.allSatisfy { $0 != UInt8(ascii: ".") && $0 > 0x20 }
        let step = isPlain ? name : "\"\(name)\""
        return FilePlace(value: value, path: path.isEmpty ? step : "\(path).\(step)", flaws: flaws)
    }

    func text() -> String? {
        if case .string(let text) = value { return text }
        flaw("must be a text")
        return nil
    }

    func bool() -> Bool? {
        if case .bool(let flag) = value { return flag }
        flaw("must be true or false")
        return nil
    }

    func number(_ range: ClosedRange<Double>) -> Double? {
        if case .number(let text) = value, let number = Double(text), range.contains(number) { return number }
        flaw("must be a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))")
        return nil
    }

    func elements() -> [FilePlace]? {
        guard case .array(let elements) = value else {
            flaw("must be an array")
            return nil
        }
        return elements.enumerated().map { FilePlace(value: $1, path: "\(path)[\($0)]", flaws: flaws) }
    }

    /// The value itself, or the elements when it is an array.
    func oneOrMore() -> [FilePlace] {
        if case .array = value { return elements() ?? [] }
        return [self]
    }

    /// The members, whatever their names.
    func members() -> [(name: String, place: FilePlace)]? {
        guard case .object(let members) = value else {
            flaw("must be an object")
            return nil
        }
        return members.map { ($0.name, at($0.name, $0.value)) }
    }

    /// An object whose members are all known.
    func object(_ known: String...) -> FileObject? {
        guard let members = members() else { return nil }
        for (name, place) in members where !known.contains(name) {
            place.flaw("is unknown; allowed here: \(known.joined(separator: ", "))")
        }
        return FileObject(place: self)
    }

    func pointer() -> JSONPointer? {
        guard let text = text() else { return nil }
        if let pointer = JSONPointer(text) { return pointer }
        flaw("must be a JSON pointer (RFC 6901): empty, or / before each name, with ~0 for ~ and ~1 for /")
        return nil
    }

    func word<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) -> Word? {
        if case .string(let text) = value, let word = Word(rawValue: text) { return word }
        flaw("must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }
}

/// The known members of an object of the file; null is the same as absent.
struct FileObject {
    let place: FilePlace

    subscript(name: String) -> FilePlace? {
        guard let value = place.value[name], value != .null else { return nil }
        return place.at(name, value)
    }

    func required(_ name: String) -> FilePlace? {
        if let place = self[name] { return place }
        place.at(name, .null).flaw("is required")
        return nil
    }
}
