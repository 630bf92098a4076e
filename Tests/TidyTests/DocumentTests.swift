import Foundation
import Testing

/// The documents name what is there, and all of it.
@Suite struct DocumentTests {
    private static let readmes = ["README.md", "README.zh-CN.md"]

    @Test(arguments: readmes)
    func `Every setting that the program reads is in the table, and no other`(path: String) throws {
        let source = try SourceFile.at("Sources/kefu/Settings/SettingName.swift").lines
        let read = source.compactMap { $0.firstMatch(of: #/^    case \w+ = "(\w+)"$/#).map { String($0.1) } }
        let documented = try SourceFile.at(path).lines.filter { $0.hasPrefix("| `") }.flatMap { line in
            line.prefix { $0 != "(" }.split(separator: "|")[0].matches(of: #/`([A-Z][A-Z_]+)`/#).map { String($0.1) }
        }
        #expect(read.count > 20)
        #expect(documented.sorted() == read.sorted())
    }

    @Test(arguments: readmes)
    func `Every path that is answered is in the table, and no other`(path: String) throws {
        let routes = try SourceFile.at("Sources/KefuServer/Routes/APIRoutes.swift").lines.compactMap {
            $0.firstMatch(of: #/Route\(\.(get|post), "([^"]+)", \.(\w+),/#).map {
                "\($0.1.uppercased()) \($0.2) \($0.3)"
            }
        }
        let rows = try SourceFile.at(path).lines.compactMap {
            $0.firstMatch(of: #/^\| (GET|POST) \| `([^`]+)` \| (\w+) \|/#).map { "\($0.1) \($0.2) \($0.3)" }
        }
        #expect(routes.count > 10)
        #expect(rows.sorted() == routes.sorted())
    }

    @Test(arguments: readmes)
    func `The Redis user of the documents may do what the scripts do`(path: String) throws {
        let line = try #require(try SourceFile.at(path).lines.first { $0.hasPrefix("ACL SETUSER ") })
        let allowed = Set(line.split(separator: " ").map(String.init))
        let forbidden = findings(in: try SourceFile.below("lua", ".lua")) { line, _, _ in
            guard line.has("call('") || line.has("{ '") else { return nil }
            // Called at once, or noted to be called behind all checks.
            let commands = line.matches(of: #/(?:call\(|\{ )'([A-Z]+)'/#).map { "+\($0.1.lowercased())" }
            return commands.first { !allowed.contains($0) }
        }
        #expect(forbidden == "")
    }

    @Test func `Both languages show the same commands`() throws {
        let (english, chinese) = (try Self.commands("README.md"), try Self.commands("README.zh-CN.md"))
        #expect(english.count > 40)
        #expect(english == chinese)
    }

    @Test(arguments: readmes + ["CONTRIBUTING.md", "CHANGELOG.md", "lua/README.md"])
    func `Every file that a document links to exists`(path: String) throws {
        let folder = path.hasPrefix("lua/") ? "lua/" : ""
        for line in try SourceFile.at(path).lines where line.has("](") {
            for match in line.matches(of: #/\]\(([^)#]+)\)/#) where !match.1.hasPrefix("http") {
                #expect(SourceFile.exists(folder + match.1), "\(path) links to \(match.1)")
            }
        }
    }

    @Test(arguments: readmes)
    func `Every test that the guarantees name exists`(path: String) throws {
        let lines = try SourceFile.at(path).lines
        let start = try #require(lines.firstIndex { $0 == "## Guarantees" || $0 == "## 保证" })
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }
        let named = Set(section.flatMap { $0.matches(of: #/`(\w+Tests)`/#).map { "\($0.1).swift" } })
        let files = Set(try SourceFile.below("Tests", "Tests.swift").map(\.name))
        #expect(named.count > 10)
        #expect(named.subtracting(files) == [])
    }

    @Test func `The changelog has the version that the command tells`() throws {
        let source = try SourceFile.at("Sources/kefu/Kefu.swift").lines.joined(separator: "\n")
        let version = try #require(source.firstMatch(of: #/static let version = "([^"]+)"/#)).1
        #expect(try SourceFile.at("CHANGELOG.md").lines.contains { $0.hasPrefix("## [\(version)]") })
    }

    @Test func `Every make target that the documents name exists`() throws {
        let targets = try SourceFile.at("Makefile").lines.compactMap { $0.firstMatch(of: #/^([a-z-]+):/#)?.1 }
        let unknown = findings(in: try (Self.readmes + ["CONTRIBUTING.md"]).map(SourceFile.at)) { line, _, _ in
            line.matches(of: #/(?:`|^|&& )make ([a-z-]+)/#).first { !targets.contains($0.1) }.map { "make \($0.1)" }
        }
        #expect(unknown == "")
    }

    /// Lines to paste: what stands in blocks of shell, comments aside, and the questions to Redis.
    private static func commands(_ path: String) throws -> [String] {
        var (found, isInBlock): ([String], Bool) = ([], false)
        for line in try SourceFile.at(path).lines {
            if line.hasPrefix("```") {
                isInBlock = line == "```bash"
            } else if isInBlock {
                found.append(String(line.split(separator: #/ +#/#, maxSplits: 1, omittingEmptySubsequences: false)[0]))
            } else if let row = line.firstMatch(of: #/^\| .+ \| `(.*kefu:\{0\}.*)` \|$/#) {
                found.append(String(row.1))
            }
        }
        return found
    }
}
