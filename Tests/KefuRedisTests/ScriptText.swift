import Foundation
import Testing

/// A file of `lua/` and its header: the contract that the script's Swift face must keep.
struct ScriptText: Sendable, CustomTestStringConvertible {
    struct Argument: Sendable, Equatable {
        var number: Int
        /// Whether it stands for itself and any number of repetitions (`3…`).
        var repeats: Bool
        /// The first word, or for one that repeats all of them up to the explanation: `id, token`.
        var name: String
    }

    let name: String
    let lines: [String]

    var testDescription: String { name }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../lua").standardized

    /// All of `lua/`, without what they share.
    static let all: [ScriptText] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".lua") }.sorted().map { ScriptText(name: String($0.dropLast(4))) }
            .filter { script in !shared.contains { $0.name == script.name } }
    }()

    static let prelude = ScriptText(name: "prelude")
    /// The prelude's parts.
    static let shared = [prelude, ScriptText(name: "matching"), ScriptText(name: "leasing")]

    init(name: String) {
        self.name = name
        // A file that cannot be read shows as an empty one, which no test accepts.
        let text = (try? String(contentsOf: Self.folder.appendingPathComponent("\(name).lua"), encoding: .utf8)) ?? ""
        lines = text.components(separatedBy: "\n")
    }

    var shebang: String { lines[0] }

    /// The comment behind the first line, without its dashes.
    var header: [String] { lines.dropFirst().prefix { $0.hasPrefix("--") }.map { String($0.dropFirst(2)) } }

    /// All but comments.
    var code: String { lines.dropFirst().filter { !$0.hasPrefix("--") }.joined(separator: "\n") }

    /// The text behind `Returns`, `Keeps` or `Cost`, with the lines that continue it; nil without.
    func clause(_ word: String) -> String? {
        guard let first = header.firstIndex(where: { $0.hasPrefix(" \(word)") }) else { return nil }
        let rest = header[(first + 1)...].prefix { $0.hasPrefix("   ") }
        return ([header[first]] + rest).joined(separator: "\n")
    }

    /// The numbered list behind `KEYS` or `ARGV`.
    func list(_ word: String) -> [Argument] {
        guard let first = header.firstIndex(where: { $0.hasPrefix(" \(word) ") }) else { return [] }
        let entry = #/^ (?:KEYS|ARGV|    ) {1,2}(\d+)(…?) (\S.*)$/#
        var list: [Argument] = []
        for line in [header[first]] + header[(first + 1)...].prefix(while: { $0.hasPrefix("      ") }) {
            guard let match = line.wholeMatch(of: entry), let number = Int(match.1) else { continue }
            let repeats = !match.2.isEmpty
            let words = match.3.prefix { $0 != " " || repeats }
            let name = repeats ? String(match.3).components(separatedBy: "  ")[0] : String(words)
            list.append(Argument(number: number, repeats: repeats, name: name))
        }
        return list
    }
}
