import Testing

/// One word through script, Swift face, test and manifest.
@Suite struct ScriptTests {
    /// The scripts' words, without the part that all share.
    private static func words() throws -> [String] {
        try SourceFile.names(in: "lua").filter { $0.hasSuffix(".lua") }.map { String($0.dropLast(".lua".count)) }
            .filter { !shared.contains($0) }
    }

    /// What the scripts share.
    private static let shared = ["prelude", "matching", "leasing"]

    /// `settle_callback` is `SettleCallback` in Swift.
    private static func typeName(_ word: String) -> String {
        word.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    @Test func `Every script has a Swift face and a test of the same word`() throws {
        let faces = try Set(SourceFile.names(in: "Sources/KefuRedis/Scripts"))
        let tests = try Set(SourceFile.below("Tests/KefuRedisTests", ".swift").map(\.name))
        for word in try Self.words() {
            let name = Self.typeName(word)
            #expect(faces.contains("\(name).swift"), "lua/\(word).lua has no Sources/KefuRedis/Scripts/\(name).swift")
            #expect(tests.contains("\(name)Tests.swift"), "lua/\(word).lua has no \(name)Tests.swift")
        }
    }

    @Test func `Every script is in the binary`() throws {
        let manifest = try SourceFile.at("Package.swift").lines.joined(separator: " ")
        let list = try #require(manifest.firstMatch(of: #/let scripts = \[([^\]]*)\]/#)).1
        let embedded = list.matches(of: #/"(\w+)"/#).map { String($0.1) }
        #expect(try embedded.sorted() == (Self.words() + Self.shared).sorted())
    }

    @Test func `Every script states its keys, its arguments, its answers and its cost`() throws {
        for file in try SourceFile.below("lua", ".lua") {
            guard !Self.shared.contains(where: { file.name == "\($0).lua" }) else { continue }
            let header = file.lines.prefix { $0.hasPrefix("--") || $0.hasPrefix("#!") }
            #expect(header.first?.hasPrefix("#!lua") == true, "\(file.path):1: the first line is no #!lua")
            for part in ["-- KEYS ", "-- ARGV ", "-- Returns ", "-- Cost: "] {
                #expect(header.contains { $0.hasPrefix(part) }, "\(file.path): no line \(part)")
            }
        }
    }

    @Test func `Errors of a write are never swallowed and searches are plain`() throws {
        let wrong = findings(in: try SourceFile.below("lua", ".lua")) { line, _, _ in
            let code = line.isComment ? "" : line
            if code.contains("pcall") { return "pcall" }
            // The one pattern is a constant of the prelude's own.
            return code.has("find(") && code.contains(#/\bfind\(/#) && !code.contains("true)")
                && !code.contains("'[%%:]'")
                ? "find that is not plain" : nil
        }
        #expect(wrong == "")
    }

    @Test func `Every key that a script builds is in the key table`() throws {
        let table = try SourceFile.at("lua/README.md").lines.filter { $0.hasPrefix("| `") }.joined()
        let unknown = findings(in: try SourceFile.below("lua", ".lua")) { line, _, _ in
            !line.has("P .. '")
                ? nil : line.matches(of: #/P \.\. '(\w+)/#).map { String($0.1) }.first { !table.contains("`\($0)") }
        }
        #expect(unknown == "")
    }
}
