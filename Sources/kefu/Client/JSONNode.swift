import Foundation

/// A JSON answer as the verbs look at it. Numbers keep their digits only as far as people read them; programs get
/// the server's own bytes (`--json`).
enum JSONNode: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([String: JSONNode])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        // Each `try?` says by its error only that the value is of another type: the next line tries that one.
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONNode].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONNode].self))
        }
    }

    /// nil when the text is not JSON.
    init?(_ text: String) {
        // The error only says that it is none.
        guard let node = try? JSONDecoder().decode(JSONNode.self, from: Data(text.utf8)) else { return nil }
        self = node
    }

    subscript(key: String) -> JSONNode {
        if case .object(let members) = self { members[key] ?? .null } else { .null }
    }

    var elements: [JSONNode] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    var isNull: Bool { self == .null }

    /// As a table's cell shows it: texts bare, nothing for null, the rest compact.
    var text: String {
        switch self {
        case .null: ""
        case .bool(let bool): bool ? "true" : "false"
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .string(let string): string
        case .array(let elements): elements.map(\.text).joined(separator: ", ")
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }.joined(separator: ", ")
        }
    }
}
