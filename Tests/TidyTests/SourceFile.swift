import Foundation

/// A file of this repository, as the rules read it.
struct SourceFile: Sendable {
    /// From the repository's root.
    let path: String
    let lines: [String]

    var name: String { String(path.split(separator: "/").last ?? "") }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file that must exist.
    static func at(_ path: String) throws -> SourceFile {
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        return SourceFile(path: path, lines: text.components(separatedBy: "\n"))
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// All files below a folder with one of these endings, in the order of their paths.
    static func below(_ folder: String, _ endings: String...) throws -> [SourceFile] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        return try paths.filter { path in endings.contains { path.hasSuffix($0) } }.sorted().map { path in
            try at("\(folder)/\(path)")
        }
    }

    /// All Swift files, the manifest too.
    static func swift() throws -> [SourceFile] { try allSwift.get() }

    private static let allSwift = Result {
        try below("Sources", ".swift") + below("Tests", ".swift") + [at("Package.swift")]
    }

    /// The names in a folder, without what begins with a dot.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// What a rule found, as one text to expect to be empty: a line each, `file:line: what`.
func findings(
    in files: [SourceFile], _ rule: (_ line: String, _ index: Int, _ file: SourceFile) -> String?
) -> String {
    files.flatMap { file in
        file.lines.enumerated().compactMap { index, line in
            rule(line, index, file).map { "\(file.path):\(index + 1): \($0)" }
        }
    }.joined(separator: "\n")
}

extension String {
    /// Whether `text` stands here, byte for byte. Rules ask this of every line, a hundred times cheaper than a regex.
    func has(_ text: String) -> Bool { strstr(self, text) != nil }

    /// Whether nothing but a comment stands here.
    var isComment: Bool {
        guard has("//") || has("--") else { return false }
        let text = drop { $0 == " " }
        return text.hasPrefix("//") || text.hasPrefix("--")
    }

    /// The line without its comment. Good enough for code that is laid out by `swift format`: two spaces, two slashes.
    var code: String {
        guard has("//") else { return self }
        if isComment { return "" }
        return range(of: "  //").map { String(self[..<$0.lowerBound]) } ?? self
    }
}
