/// The strict JSON reader (RFC 8259): bytes in, one flat tape of nodes out, no recursion into heap objects.
///
/// Besides what the RFC refuses, it refuses what readers disagree on or what costs too much: a byte order mark,
/// duplicate keys, lone surrogates, U+0000, numbers outside the range of a double, depth, long or non-ASCII keys.
/// Strings with too many combining marks in a row are read but marked; see ``JSONElement/firstMarkRun``.
package enum JSONReader {
    /// Arrays and objects inside each other.
    package static let maxDepth = 32
    package static let maxKeyBytes = 64
    /// Offsets fit 32 bits; the bodies' own limits are far below.
    static let maxBytes = 1 << 30
    /// Inside the values of these members, keys are any UTF-8: they are a sender's own words.
    static let freeKeyMembers: [StaticString] = ["data", "where"]

    /// Reads `body` and hands its value to `use`, beyond whose return neither it nor what it leads to may be kept.
    ///
    /// - Parameters:
    ///   - surroundings: arrays around the value that do not count as depth (1 for a batch).
    ///   - freeKeys: whether keys are any UTF-8 everywhere: in documents whose keys are not ours.
    package static func read<Value>(
        _ body: UnsafeRawBufferPointer, surroundings: Int = 0, freeKeys: Bool = false,
        _ use: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        var scanner = try JSONScanner(body, maxDepth: maxDepth + surroundings)
        scanner.freedDepth = freeKeys ? 1 : 0
        try scanner.scanDocument()
        let source = scanner.source
        let hasMarkRuns = scanner.hasMarkRuns
        return try scanner.nodes.withUnsafeBufferPointer { (nodes) throws(InputError) in
            try scanner.decoded.withUnsafeBufferPointer { (decoded) throws(InputError) in
                // A document that was read has at least one node.
                guard let first = nodes.baseAddress else { throw JSONScanner.error("the body is empty", at: 0) }
                let tape = JSONTape(
                    source: source, decoded: decoded.baseAddress ?? source, nodes: first, hasMarkRuns: hasMarkRuns)
                return try use(JSONElement(tape: tape, index: 0))
            }
        }
    }
}

extension JSONReader {
    /// The same for bytes of our own.
    package static func read<Value>(
        _ bytes: [UInt8], freeKeys: Bool = false, _ use: (JSONElement) throws(InputError) -> Value
    ) throws(InputError) -> Value {
        let result = bytes.withUnsafeBytes { buffer -> Result<Value, InputError> in
            do throws(InputError) {
                return .success(try read(buffer, freeKeys: freeKeys, use))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Whether `bytes` are one strict JSON text within the reader's limits.
    package static func accepts(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            do {
                try read(buffer) { _ in }
                return true
            } catch { return false }
        }
    }
}

/// One value or key, 16 bytes; an array or object is followed by its contents, a key by its value.
struct JSONNode {
    enum Kind: UInt8 {
        case null, `false`, `true`, number, string, key, array, object
    }

    var kind: Kind
    /// Strings and keys: whether `start` and `end` are offsets in the decoded bytes, not in the source.
    var isDecoded = false
    /// Strings and keys: whether there are more than ``MarkRun/longest`` combining marks in a row.
    var hasMarkRun = false
    /// A string's first byte behind the quote, else the value's first.
    var start: UInt32
    /// Behind the last byte.
    var end: UInt32
    /// The index of the next node that is not inside this one; of keys the source offset.
    var next: UInt32
}

/// Where a document's nodes and bytes lie. Valid inside ``JSONReader/read(_:surroundings:_:)`` only.
struct JSONTape {
    let source: UnsafePointer<UInt8>
    let decoded: UnsafePointer<UInt8>
    let nodes: UnsafePointer<JSONNode>
    let hasMarkRuns: Bool
}

extension StaticString {
    func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard utf8CodeUnitCount == bytes.count else { return false }
        return bytes.elementsEqual(UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}
