import Testing

/// Sizes that a reader can take in.
@Suite struct ShapeTests {
    private static let longestFile = 300
    private static let longestFunction = 50
    /// In Unicode scalars.
    private static let longestLine = 120

    @Test func `No file is longer than 300 lines`() throws {
        let files = try SourceFile.swift() + SourceFile.below("lua", ".lua")
        let long = files.filter { $0.lines.count - 1 > Self.longestFile }.map { "\($0.path): \($0.lines.count - 1)" }
        #expect(long == [])
    }

    @Test func `No line is longer than 120 characters`() throws {
        let files = try SourceFile.swift() + SourceFile.below("lua", ".lua")
        let long = findings(in: files) { line, _, file in
            // A long literal of a test stays in one piece.
            if file.path.hasPrefix("Tests/"), line.has("\"") { return nil }
            return line.utf8.count > Self.longestLine && line.unicodeScalars.count > Self.longestLine
                ? "\(line.unicodeScalars.count) characters" : nil
        }
        #expect(long == "")
    }

    @Test func `No function is longer than 50 lines`() throws {
        let files = try SourceFile.swift() + SourceFile.below("lua", ".lua")
        let long = findings(in: files) { _, index, file in
            let length = FunctionScan.length(at: index, of: file)
            return length > Self.longestFunction ? "\(length) lines" : nil
        }
        #expect(long == "")
    }

    @Test func `The scan finds where functions end`() {
        let lines = [
            "    func a() {", "        if b {", "        }", "    }", "", "    func b(", "        _ c: Int",
            "    ) -> Int",
            "    init() {}", "    var d: Int { 1 }", "local function e()", "  if f then", "  end", "end",
            "func g() {", "    h(", "        \"\"\"", "        i", "        \"\"\")", "}",
        ]
        let swift = SourceFile(path: "a.swift", lines: lines)
        #expect((0..<10).map { FunctionScan.length(at: $0, of: swift) } == [4, 0, 0, 0, 0, 0, 0, 0, 1, 1])
        #expect(FunctionScan.length(at: 14, of: swift) == 5)
        #expect(FunctionScan.length(at: 10, of: SourceFile(path: "a.lua", lines: lines)) == 4)
    }

    @Test func `Every Swift file says its subject before it begins`() throws {
        let silent = try SourceFile.below("Sources", ".swift").filter { !Self.saysSubject($0) }.map(\.path)
        #expect(silent == [])
    }

    @Test func `Every script begins with its name and what it does`() throws {
        let silent = try SourceFile.below("lua", ".lua").filter { file in
            let word = file.name == "prelude.lua" ? "The prelude" : file.name.dropLast(".lua".count)
            return !file.lines.prefix(2).contains { $0.hasPrefix("-- \(word): ") }
        }
        #expect(silent.map(\.path) == [])
    }

    /// A comment stands before the first declaration or on what it begins with; for a verb its abstract does. A file
    /// that adds one of the port's methods to the store needs none: the port documents it.
    private static func saysSubject(_ file: SourceFile) -> Bool {
        for (index, line) in file.lines.enumerated() where !line.isEmpty && !line.hasPrefix(" ") {
            if line.isComment { return true }
            let isPreamble = ["import ", "@testable", "@preconcurrency", "#"].contains { line.hasPrefix($0) }
            guard !isPreamble else { continue }
            return line.hasPrefix("extension RedisTaskStore")
                || file.lines[index...].prefix(3).contains { $0.isComment || $0.has("abstract:") }
        }
        return false
    }
}
