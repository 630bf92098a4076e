/// Reads one JSON text (RFC 8259) into a flat tape of ``JSONNode``s, strictly: anything that two readers could
/// understand differently is refused, with the byte offset. After an error the scanner is of no more use.
///
/// Here: structure and literals. `JSONScanner+Strings` and `JSONScanner+Numbers` have the leaves,
/// `JSONScanner+Keys` finds duplicate keys.
struct JSONScanner {
    let source: UnsafePointer<UInt8>
    let count: Int
    /// The offset of the next byte to read.
    var at = 0
    var nodes: ContiguousArray<JSONNode> = []
    /// The contents of strings that had escapes, one after the other.
    var decoded: ContiguousArray<UInt8> = []
    /// Whether any node has ``JSONNode/hasMarkRun``.
    var hasMarkRuns = false
    /// How many values of keys that free their contents' keys (``JSONReader/freeKeyMembers``) surround this place.
    var freedDepth = 0
    private let maxDepth: Int
    private var depth = 0

    /// - Parameter body: must outlive the scanner.
    init(_ body: UnsafeRawBufferPointer, maxDepth: Int) throws(InputError) {
        guard let start = body.baseAddress, body.count > 0 else { throw Self.error("the body is empty", at: 0) }
        guard body.count <= JSONReader.maxBytes else { throw Self.error("the body is too long", at: 0) }
        source = start.assumingMemoryBound(to: UInt8.self)
        count = body.count
        self.maxDepth = maxDepth
        nodes.reserveCapacity(min(16 + count / 8, 4096))
    }

    mutating func scanDocument() throws(InputError) {
        if count >= 3, source[0] == 0xEF, source[1] == 0xBB, source[2] == 0xBF {
            throw Self.error("a byte order mark is not allowed", at: 0)
        }
        skipSpace()
        try scanValue()
        skipSpace()
        if at < count { throw Self.error("more bytes after the value", at: at) }
    }

    private mutating func scanValue() throws(InputError) {
        guard at < count else { throw unexpected("a value") }
        switch source[at] {
        case UInt8(ascii: "\""): try scanString(.string)
        case UInt8(ascii: "{"): try scanObject()
        case UInt8(ascii: "["): try scanArray()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
        case UInt8(ascii: "t"): try scanLiteral("true", .true)
        case UInt8(ascii: "f"): try scanLiteral("false", .false)
        case UInt8(ascii: "n"): try scanLiteral("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func scanObject() throws(InputError) {
        let index = try open(.object)
        var members = 0
        if next() == UInt8(ascii: "}") {
            close(index)
            return
        }
        while true {
            guard next() == UInt8(ascii: "\"") else { throw unexpected("a key") }
            let isFreeing = try scanKey()
            guard next() == UInt8(ascii: ":") else { throw unexpected("':'") }
            at += 1
            skipSpace()
            freedDepth += isFreeing ? 1 : 0
            try scanValue()
            freedDepth -= isFreeing ? 1 : 0
            members += 1
            let byte = next()
            if byte == UInt8(ascii: "}") { break }
            guard byte == UInt8(ascii: ",") else { throw unexpected("',' or '}'") }
            at += 1
        }
        close(index)
        try refuseDuplicateKeys(of: index, members: members)
    }

    private mutating func scanArray() throws(InputError) {
        let index = try open(.array)
        if next() == UInt8(ascii: "]") {
            close(index)
            return
        }
        while true {
            skipSpace()
            try scanValue()
            let byte = next()
            if byte == UInt8(ascii: "]") { break }
            guard byte == UInt8(ascii: ",") else { throw unexpected("',' or ']'") }
            at += 1
        }
        close(index)
    }

    private mutating func open(_ kind: JSONNode.Kind) throws(InputError) -> Int {
        depth += 1
        guard depth <= maxDepth else { throw Self.error("nested deeper than \(JSONReader.maxDepth)", at: at) }
        nodes.append(JSONNode(kind: kind, start: UInt32(at), end: 0, next: 0))
        at += 1
        return nodes.count - 1
    }

    private mutating func close(_ index: Int) {
        at += 1
        depth -= 1
        nodes[index].end = UInt32(at)
        nodes[index].next = UInt32(nodes.count)
    }

    private mutating func scanLiteral(_ word: StaticString, _ kind: JSONNode.Kind) throws(InputError) {
        let start = at
        for position in 0..<word.utf8CodeUnitCount {
            guard at < count, source[at] == word.utf8Start[position] else { throw unexpected("'\(word)'") }
            at += 1
        }
        append(kind, from: start)
    }

    /// Appends a leaf that ends at the next byte to read.
    mutating func append(_ kind: JSONNode.Kind, from start: Int) {
        nodes.append(JSONNode(kind: kind, start: UInt32(start), end: UInt32(at), next: UInt32(nodes.count + 1)))
    }

    /// The next byte that is not white space, still to be read; nil at the end.
    private mutating func next() -> UInt8? {
        skipSpace()
        return at < count ? source[at] : nil
    }

    private mutating func skipSpace() {
        while at < count {
            switch source[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    func unexpected(_ expected: String) -> InputError {
        guard at < count else { return Self.error("the text ends where \(expected) is expected", at: at) }
        let byte = source[at]
        let shown = 0x21...0x7E ~= byte ? "'\(Unicode.Scalar(byte))'" : "0x" + String(byte, radix: 16, uppercase: true)
        return Self.error("expected \(expected), found \(shown)", at: at)
    }

    static func error(_ reason: String, at offset: Int) -> InputError {
        InputError(.invalidJSON, detail: "\(reason) (at byte \(offset))")
    }
}
