import KefuCore
import Mustache

/// The values that a template's names stand for.
struct TemplateValues: Sendable {
    /// An object.
    var root: JSONValue

    init(_ members: [(String, JSONValue)]) { root = .members(members) }

    subscript(path: [String]) -> JSONValue? { root.at(path: path) }
}

/// The values as one template sees them: by the place of their name.
struct TemplateView: MustacheParent {
    let values: TemplateValues
    let paths: [[String]]

    func child(named name: String) -> Any? {
        guard let place = Int(name.dropFirst()), paths.indices.contains(place) else { return nil }
        return switch values[paths[place]] {
        case nil, .null, .string(""): nil
        case .bool(let flag): flag
        case .some(let value): TemplateValue(value: value)
        }
    }
}

/// One value as Mustache sees it: texts and numbers as they are, arrays and objects as compact JSON. Null and an empty
/// text count as absent, `false` as false.
private struct TemplateValue: MustacheParent, MustacheCustomRenderable {
    let value: JSONValue

    /// Names are never looked for inside a value: what a customer sent must not stand in for what is ours.
    func child(named name: String) -> Any? { nil }

    var renderText: String {
        switch value {
        case .string(let text), .number(let text): text
        default: value.text
        }
    }

    var isNull: Bool { false }
}
