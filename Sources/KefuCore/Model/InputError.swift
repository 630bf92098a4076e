/// Input that the contract refuses. Nothing was changed.
package struct InputError: Error, Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// Not strict JSON (RFC 8259) in UTF-8 within the reader's limits.
        case invalidJSON = "invalid_json"
        /// A wrong type, a missing field, a value out of range, an unknown word.
        case validation
    }

    package var kind: Kind
    /// The path of the field, such as `trigger.keywords[2]`; nil when no single field is to blame.
    package var field: String?
    /// English, for engineers: what is allowed, or where (byte offset) the JSON broke.
    package var detail: String

    package init(_ kind: Kind, field: String? = nil, detail: String) {
        self.kind = kind
        self.field = field
        self.detail = detail
    }
}
