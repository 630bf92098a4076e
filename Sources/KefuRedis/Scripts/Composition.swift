/// Puts a script together: its first line, what it needs of the prelude, the rest.
///
/// Redis runs the whole text at every call, so a function that is not called costs its closure all the same: of the
/// prelude's blocks (divided by blank lines) only those go in whose names the script, or a block behind them, mentions.
enum Composition {
    /// Where the prelude goes, when it is not to be right behind the first line.
    static let marker = "\n-- prelude\n"

    /// - Returns: the first line, and the code behind it without its comments.
    static func compose(_ source: String, prelude: String) -> (shebang: String, code: String) {
        let end = source.firstIndex(of: "\n") ?? source.endIndex
        var (early, body) = (source[end..<end], source[end...])
        if let range = body.firstRange(of: marker) {
            (early, body) = (body[..<range.lowerBound], body[range.upperBound...])
        }
        let code = code(body)
        var mentioned = words(of: code)
        var blocks: [Substring] = []
        for block in Self.code(prelude).split(separator: "\n\n").reversed() {
            let names = definedNames(of: block)
            guard names.isEmpty || names.contains(where: mentioned.contains) else { continue }
            blocks.append(block)
            mentioned.formUnion(words(of: block))
        }
        let parts = [Self.code(early), blocks.reversed().joined(separator: "\n"), code]
        return (String(source[..<end]), parts.joined(separator: "\n"))
    }

    /// The text without the lines that are comments.
    private static func code(_ text: some StringProtocol) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.drop(while: { $0 == " " }).hasPrefix("--") }
            .joined(separator: "\n")
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
