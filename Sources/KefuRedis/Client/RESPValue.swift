/// One reply in RESP2 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), copied out of the reader.
///
/// Strings are decoded once: everything that Kefu stores is UTF-8, and up to 15 bytes need no allocation. Bytes that
/// are not UTF-8 (a foreign value) become U+FFFD.
package enum RESPValue: Sendable, Equatable {
    /// `+OK`
    case status(String)
    /// A bulk string.
    case string(String)
    case integer(Int64)
    case array([RESPValue])
    /// A null bulk string or a null array.
    case null
    /// The server refused or failed the command. Never thrown by the client: what it means is the caller's business.
    case error(RESPError)
}

extension RESPValue {
    /// The text of a bulk string or a status.
    package var text: String? {
        switch self {
        case .string(let text), .status(let text): text
        default: nil
        }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var array: [RESPValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var error: RESPError? {
        if case .error(let error) = self { error } else { nil }
    }
}

/// An error reply: a first word in capitals that programs go by, then English for people.
package struct RESPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The whole line without its `-`.
    package var text: String

    package init(_ text: String) { self.text = text }

    /// The first word: `NOSCRIPT`, `OOM`, `READONLY`, `WRONGTYPE`, `ERR` …
    package var prefix: Substring { text.prefix { $0 != " " } }

    /// Whether the first word is this one.
    package func has(prefix word: StaticString) -> Bool {
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        return text.utf8.starts(with: bytes)
            && (text.utf8.count == bytes.count || text.utf8.dropFirst(bytes.count).first == UInt8(ascii: " "))
    }

    /// Whether the user may not run scripts, or not what is in them (any more).
    var refusesScripts: Bool { has(prefix: "NOPERM") && text.contains("'eval") || refusesInside }

    /// A script was refused something when it had begun, and may have written.
    var refusesInside: Bool { text.contains("executing the script can't") }

    package var description: String { text }
}
