/// The limits of what comes in. A character is a Unicode scalar; bytes are those of decoded UTF-8.
package enum InputLimits {
    package static let batchItems = 1000
    /// Of every id: tasks, customers, events.
    package static let idBytes = 128
    /// Of a task's `type` and an event's name.
    package static let labelBytes = 64
    /// Of `customer.name` and `created_by`.
    package static let nameCharacters = 128
    package static let messageCharacters = 4000
    package static let urlBytes = 2048
    package static let reasonCharacters = 500

    /// Of one task.
    package static let triggers = 1...8
    /// Of `keyword` and `keywords` together, without repeats, and of `exclude`.
    package static let keywords = 32
    package static let keywordCharacters = 256
    package static let normalizedKeywordBytes = 1024
    package static let conditions = 16
    /// Values of one `in`.
    package static let choices = 32
    /// Of a text that a condition compares with.
    package static let operandCharacters = 256

    /// In hours; fractions are allowed.
    package static let longestTimeoutHours = 8760.0
    package static let retries = 0...10

    package static let textBytes = 16 * 1024
    package static let normalizedTextBytes = 64 * 1024
    /// Of an event's `data` and of a trigger's `where`, as compact JSON.
    package static let dataBytes = 16 * 1024
    /// As compact JSON.
    package static let conversationBytes = 4 * 1024
}

/// How long a text may be.
enum TextLimit {
    case bytes(ClosedRange<Int>)
    case characters(ClosedRange<Int>)

    func check(_ utf8: UnsafeBufferPointer<UInt8>) throws(InputError) {
        switch self {
        case .bytes(let allowed):
            if !allowed.contains(utf8.count) { throw Self.error(allowed, "bytes") }
        case .characters(let allowed):
            // A scalar has at most 4 bytes: short texts need no count.
            if utf8.count <= allowed.upperBound, utf8.count >= allowed.lowerBound * 4 { return }
            let scalars = utf8.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
            if !allowed.contains(scalars) { throw Self.error(allowed, "characters") }
        }
    }

    private static func error(_ allowed: ClosedRange<Int>, _ unit: String) -> InputError {
        let range =
            allowed.lowerBound == 0
            ? "at most \(allowed.upperBound)"
            : "\(allowed.lowerBound)–\(allowed.upperBound)"
        return InputError(.validation, detail: "must be \(range) \(unit) long")
    }
}
