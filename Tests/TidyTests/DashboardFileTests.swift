import Testing

/// The dashboard's files, which no compiler looks at.
@Suite struct DashboardFileTests {
    private static let folder = "Sources/KefuServer/Dashboard/"
    /// Ways by which text could become markup or code, or a rule of style could need `'unsafe-inline'`.
    private static let forbidden = [
        "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "DOMParser",
        "srcdoc", "javascript:", " style=", "setAttribute('style'", "console.log",
    ]

    private static var files: [SourceFile] {
        get throws {
            try ["js", "css", "html"].flatMap { try SourceFile.below("Sources/KefuServer/Dashboard", ".\($0)") }
        }
    }

    @Test func `each has one subject, says it first, and ends before 300 lines`() throws {
        let files = try Self.files
        #expect(files.count > 20)
        #expect(files.filter { $0.lines.count - 1 > 300 }.map(\.path) == [])
        let silent = files.filter { file in
            !file.lines.prefix(2).contains { $0.hasPrefix("// ") || $0.hasPrefix("/* ") || $0.hasPrefix("<!-- ") }
        }
        #expect(silent.map(\.path) == [])
    }

    @Test func `no text can become markup or code, and nothing stands inline`() throws {
        let found = findings(in: try Self.files) { line, _, _ in Self.forbidden.first { line.has($0) } }
        #expect(found == "")
        let inline = findings(in: try Self.files.filter { $0.name == "index.html" }) { line, _, _ in
            line.has("<script") && !line.has("src=\"/assets/") || line.contains(#/ on[a-z]+=/#) ? "inline" : nil
        }
        #expect(inline == "")
    }

    @Test func `nothing comes from another server`() throws {
        let foreign = findings(in: try Self.files) { line, _, _ in
            let others = line.matches(of: #/(https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}/#).map { String($0.0) }
            return others.first { !$0.hasSuffix("//www.w3.org") && !$0.hasSuffix("//example.com") }
        }
        #expect(foreign == "")
    }

    @Test func `the page asks for every file at once, and the binary has them all`() throws {
        let page = try SourceFile.at(Self.folder + "index.html").lines
        let asked = page.flatMap { $0.matches(of: #/"/assets/([a-z]+\.[a-z]+)"/#).map { String($0.1) } }
        let served = try SourceFile.at("Sources/KefuServer/Pages/Assets.swift").lines.compactMap {
            $0.firstMatch(of: #/^ +Asset\("([^"]+)"/#).map { String($0.1) }
        }
        let files = try Self.files.map(\.name).filter { $0 != "index.html" }
        #expect(asked.sorted() == files.sorted())
        #expect(Set(served).isSuperset(of: files))
    }
}
