/// Where a request stands in its caller's trace: the value of a `traceparent` field, checked as W3C Trace Context says
/// (https://www.w3.org/TR/trace-context/#traceparent-header). Kefu records no spans, so it hands the field on as it
/// came, with the caller's span as the parent.
package struct TraceParent: Sendable, Hashable, CustomStringConvertible {
    /// Version 00: `00-<32 digits>-<16 digits>-<2 digits>`, hexadecimal in small letters.
    package let text: String

    private static let length = 55
    /// Sampled, and that the trace's id is random; other flags are to be sent as 0.
    private static let knownFlags: UInt8 = 0b11

    /// nil for what the specification calls invalid: such a field counts as none. One of a later version is handed on
    /// as 00, of which it has all that is known.
    package init?(_ field: String) {
        let bytes = field.utf8
        guard bytes.count >= Self.length, bytes.count <= 512 else { return nil }
        let parts = bytes.prefix(Self.length).split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.map(\.count) == [2, 32, 16, 2], parts.allSatisfy({ $0.allSatisfy(Self.isDigit) }) else {
            return nil
        }
        let (trace, parent) = (parts[1], parts[2])
        guard !trace.allSatisfy({ $0 == UInt8(ascii: "0") }), !parent.allSatisfy({ $0 == UInt8(ascii: "0") }),
            let version = UInt8(Substring(parts[0]), radix: 16), let flags = UInt8(Substring(parts[3]), radix: 16),
            version != 0xFF
        else { return nil }
        if bytes.count > Self.length {
            let next = bytes[bytes.index(bytes.startIndex, offsetBy: Self.length)]
            guard version > 0, next == UInt8(ascii: "-") else { return nil }
        }
        text = "00-\(Substring(trace))-\(Substring(parent))-0\(flags & Self.knownFlags)"
    }

    /// The whole trace's, 32 digits.
    package var traceID: String { String(text.dropFirst(3).prefix(32)) }

    package var description: String { text }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
