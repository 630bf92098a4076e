/// Finds functions by their indentation, which `swift format` and the scripts' layout make reliable.
enum FunctionScan {
    private static var swiftStart: Regex<(Substring, indent: Substring)> {
        #/^(?<indent> *)(?:@\S+ |[a-z]+(?:\([a-z]+\))? )*(?:func\b|init[?!]?[(<]|deinit\b|subscript\b|var [^=]*\{)/#
    }
    /// One of these stands on every line that ``swiftStart`` fits.
    private static let starts = ["func ", "init", "subscript", "var "]
    private static var luaStart: Regex<(Substring, indent: Substring)> {
        #/^(?<indent> *)(?:local )?function\b/#
    }

    /// How many lines the function takes whose declaration begins on this line, the lines of text blocks in it not
    /// counted; 0 when none does, or when it has no body.
    static func length(at index: Int, of file: SourceFile) -> Int {
        let line = file.lines[index]
        if file.path.hasSuffix(".lua") {
            guard line.has("function"), let start = line.firstMatch(of: luaStart) else { return 0 }
            return end(start.indent + "end", from: index, of: file)
        }
        guard starts.contains(where: line.has), !line.isComment, let start = line.firstMatch(of: swiftStart),
            let opening = opening(from: index, indent: start.indent.count, of: file)
        else { return 0 }
        if file.lines[opening].hasSuffix("}") { return opening - index + 1 }
        return end(start.indent + "}", from: index, of: file)
    }

    /// The line on which the body opens: the first that has an opening brace at its end or closes it again, before
    /// another declaration begins.
    private static func opening(from index: Int, indent: Int, of file: SourceFile) -> Int? {
        for current in index..<file.lines.count {
            let line = file.lines[current].code
            if line.hasSuffix("{") || line.hasSuffix("}") && line.contains("{") || line.contains(#/\{ [\w, ()]+ in$/#) {
                return current
            }
            // Still inside the parameters, or on the line that ends them.
            let next = current + 1 < file.lines.count ? file.lines[current + 1] : ""
            let depth = next.prefix { $0 == " " }.count
            let goesOn =
                depth > indent || depth == indent && (next.dropFirst(depth).first.map { ")>".contains($0) } ?? false)
            let opensNext = depth == indent && next.dropFirst(depth).hasPrefix("{")
            if next.isEmpty || !(goesOn || opensNext) { return nil }
        }
        return nil
    }

    private static func end(_ closing: String, from index: Int, of file: SourceFile) -> Int {
        let last = file.lines[(index + 1)...].firstIndex { $0.hasPrefix(closing) }
        let lines = file.lines[index...(last ?? file.lines.count - 1)]
        var isText = false
        return lines.count { line in
            let wasText = isText
            if line.has("\"\"\"") { isText.toggle() }
            return !(wasText && isText)
        }
    }
}
