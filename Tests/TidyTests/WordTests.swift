import Testing

/// Words that must not stand in the code, or not without a reason beside them.
@Suite struct WordTests {
    /// Spelled in halves, so that this file passes its own rules.
    private static let unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]
    private static let needReason = [
        "try" + "!", "try" + "?", "fatalError" + "(", "nonisolated" + "(unsafe)", "@unchecked " + "Sendable",
        "as" + "! ",
    ]

    @Test func `Nothing is left for later`() throws {
        let files = try SourceFile.swift() + SourceFile.below("lua", ".lua")
        let left = findings(in: files) { line, _, _ in
            Self.unfinished.first { word in line.has(word) && !line.has(word + word.suffix(1)) }
        }
        #expect(left == "")
    }

    @Test func `Nothing is silenced, forced or claimed without the reason beside it`() throws {
        let bare = findings(in: try SourceFile.below("Sources", ".swift")) { line, index, file in
            guard let word = Self.needReason.first(where: { line.has($0) && line.code.has($0) }) else { return nil }
            return Self.hasReason(index, file, for: word) ? nil : "\(word) without a comment on this line or before it"
        }
        #expect(bare == "")
    }

    @Test func `Nothing is silenced in tests but what cleans up`() throws {
        let silenced = findings(in: try SourceFile.below("Tests", ".swift")) { line, _, _ in
            ["try" + "!", "fatalError" + "("].first { line.has($0) && line.code.has($0) }
        }
        #expect(silenced == "")
    }

    @Test func `No error is caught and dropped without a reason`() throws {
        let empty = findings(in: try SourceFile.swift()) { line, index, file in
            guard line.has("catch") else { return nil }
            let next = index + 1 < file.lines.count ? file.lines[index + 1].drop { $0 == " " } : ""
            let code = line.code
            let isEmpty = code.contains(#/catch( [^{]*)?\{ *\}/#) || code.contains(#/catch( [^{]*)?\{$/#) && next == "}"
            return isEmpty && !Self.hasReason(index, file) ? "an empty catch" : nil
        }
        #expect(empty == "")
    }

    @Test func `Nothing is public`() throws {
        let open = findings(in: try SourceFile.swift()) { line, _, _ in
            line.has("public ") && line.contains(#/^ *(@\w+ )*public /#) ? "public" : nil
        }
        #expect(open == "")
    }

    /// What a peer's slowness takes may be slept, with the reason beside it; nothing waits for that.
    @Test func `Tests wait for conditions and never for time`() throws {
        let waits = findings(in: try SourceFile.below("Tests", ".swift")) { line, index, file in
            guard file.name != "Eventually.swift" else { return nil }
            let waits = line.has("sleep(") && line.code.contains(#/(Task|Thread)\.sleep\(|(^|[ (])u?sleep\(/#)
            return waits && !line.has("func ") && !Self.hasReason(index, file) ? "sleeps" : nil
        }
        #expect(waits == "")
    }

    @Test func `Test names are sentences`() throws {
        let words = findings(in: try SourceFile.below("Tests", "Tests.swift")) { line, _, _ in
            guard line.has("@Test"), let attribute = line.range(of: "@Test"), !line.contains("\"") else { return nil }
            guard let name = line[attribute.upperBound...].range(of: "func ") else { return nil }
            return line[name.upperBound...].hasPrefix("`") ? nil : "a test without a sentence"
        }
        #expect(words == "")
    }

    /// A comment on the line or on the one before it, or one shortly above that names the word.
    private static func hasReason(_ index: Int, _ file: SourceFile, for word: String? = nil) -> Bool {
        if let word, file.lines[max(0, index - 12)..<index].contains(where: { $0.isComment && $0.has("`\(word)`") }) {
            return true
        }
        return file.lines[index].has("// ") || index > 0 && file.lines[index - 1].has("// ")
            || index > 0 && file.lines[index - 1].isComment
    }
}
