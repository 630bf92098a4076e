/// Puts a script together: its first line, what it needs of the prelude, the rest.
///
/// Redis runs the whole text at every call, so a function that is not called costs its closure all the same: of the
/// prelude's blocks (divided by blank lines) only those go in whose names the script, or a block behind them, mentions.
/// A script that often ends early says more than once where they go; each goes to the last of these places before its
/// first use. In a branch, an indented marker takes those that nothing outside the branch needs.
struct Composition {
    /// Where the prelude goes, when it is not to be right behind the first line.
    static let marker = "-- prelude"

    private let blocks: [Block]
    private var placed: Set<Int> = []

    private struct Block {
        let code: Substring
        let names: [String]
        let words: Set<String>
    }

    /// - Returns: the first line, and the code behind it without its comments.
    static func compose(_ source: String, prelude: String) -> (shebang: String, code: String) {
        let end = source.firstIndex(of: "\n") ?? source.endIndex
        var composition = Composition(prelude: prelude)
        var sections = source[end...].split(separator: "\n\(marker)\n", omittingEmptySubsequences: false)
        if sections.count == 1 { sections.insert("", at: 0) }
        var parts = [code(sections[0])]
        for section in sections.dropFirst() { parts += composition.place(section) }
        return (String(source[..<end]), parts.joined(separator: "\n"))
    }

    private init(prelude: String) {
        blocks = Self.code(prelude).split(separator: "\n\n").map { code in
            Block(code: code, names: Self.definedNames(of: code), words: Self.words(of: code))
        }
    }

    /// A section's code, the blocks that it needs before it and those of its branch inside.
    private mutating func place(_ section: Substring) -> [String] {
        var lines = section.split(separator: "\n", omittingEmptySubsequences: false)
        let isMarker = { (line: Substring) in line.hasPrefix(" ") && line.drop { $0 == " " } == Self.marker }
        guard let marked = lines.firstIndex(where: isMarker) else {
            return [needed(by: Self.code(section)), Self.code(section)]
        }
        let indent = lines[marked].prefix { $0 == " " }
        lines.remove(at: marked)
        let branchEnd = lines[marked...].firstIndex { !$0.isEmpty && !$0.hasPrefix(indent) } ?? lines.endIndex
        let (head, rest) = (Self.code(lines[..<marked]), Self.code(lines[branchEnd...]))
        let branch = Self.code(lines[marked..<branchEnd])
        let outer = needed(by: head + "\n" + rest)
        // What is declared inside is unknown to later sections.
        let before = placed
        defer { placed = before }
        return [outer, head, needed(by: branch), branch, rest]
    }

    /// The blocks that the code mentions, and those that they mention, as far as they have no place yet.
    private mutating func needed(by code: String) -> String {
        var mentioned = Self.words(of: code)
        var here: [Substring] = []
        for index in blocks.indices.reversed() where !placed.contains(index) {
            let block = blocks[index]
            guard block.names.isEmpty || block.names.contains(where: mentioned.contains) else { continue }
            placed.insert(index)
            here.append(block.code)
            mentioned.formUnion(block.words)
        }
        return here.reversed().joined(separator: "\n")
    }

    /// The text without the lines that are comments.
    private static func code(_ text: some StringProtocol) -> String {
        code(text.split(separator: "\n", omittingEmptySubsequences: false)[...])
    }

    private static func code(_ lines: ArraySlice<some StringProtocol>) -> String {
        lines.filter { !$0.drop(while: { $0 == " " }).hasPrefix("--") }.joined(separator: "\n")
    }

    private static func words(of text: some StringProtocol) -> Set<String> {
        Set(text.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }).map { String($0) })
    }

    /// The names that a block declares with `local` at its left edge; none for one that only acts.
    private static func definedNames(of block: Substring) -> [String] {
        block.split(separator: "\n").flatMap { line -> [String] in
            guard line.hasPrefix("local ") else { return [] }
            let rest = line.dropFirst("local ".count)
            if rest.hasPrefix("function ") {
                return [String(rest.dropFirst("function ".count).prefix { $0 != "(" })]
            }
            return rest.prefix { $0 != "=" }.split(whereSeparator: { $0 == "," || $0 == " " }).map { String($0) }
        }
    }
}
