/// Puts a script together: its first line, what it needs of the prelude, the rest.
///
/// Redis runs the text of a script at every call, so a function that is not called costs its closure all the same: of
/// the prelude's blocks (divided by blank lines) only those go in whose names the script, or a block behind them,
/// mentions; and where a script is divided by ``marker``, each part is preceded by what it is the first to need, so
/// that a call that ends early pays for nothing behind it.
enum Composition {
    /// Where blocks of the prelude go. Without one that is right behind the first line; what stands before the first
    /// one goes without the prelude.
    static let marker = "\n-- prelude\n"

    /// - Returns: the first line, and the code behind it without its comments.
    static func compose(_ source: String, prelude: String) -> (shebang: String, code: String) {
        let end = source.firstIndex(of: "\n") ?? source.endIndex
        var parts = source[end...].split(separator: marker, omittingEmptySubsequences: false).map { code($0) }
        var texts: [String] = []
        if parts.count > 1 { texts.append(parts.removeFirst()) }
        var blocks = code(prelude).split(separator: "\n\n")
        for part in parts {
            var mentioned = words(of: part)
            var (needed, rest): ([Substring], [Substring]) = ([], [])
            for block in blocks.reversed() {
                let names = definedNames(of: block)
                if names.isEmpty || names.contains(where: mentioned.contains) {
                    needed.append(block)
                    mentioned.formUnion(words(of: block))
                } else {
                    rest.append(block)
                }
            }
            blocks = rest.reversed()
            texts += [needed.reversed().joined(separator: "\n"), part]
        }
        return (String(source[..<end]), texts.joined(separator: "\n"))
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
