import Mustache

/// A text with `{{names}}` in it. Values are escaped for the place where the text stands; a template that asks for
/// anything else (`{{{`, `{{&`, other delimiters, partials) is refused, so no value ever stands unescaped.
struct TextTemplate: Sendable {
    /// Bytes.
    static let longest = 16 * 1024

    struct Flaw: Error, Equatable {
        var detail: String
    }

    /// Without tags: what it always renders, escaped for JSON where it stands in JSON.
    private let literal: String?
    private let template: MustacheTemplate?
    /// The names in it, each once; the template knows them by their places here (`v0`, `v1`), so that a section over a
    /// value never puts that value's own members before ours.
    private let paths: [[String]]

    init(_ text: String, _ escaping: Escaping, names allowed: TemplateNames) throws(Flaw) {
        guard text.utf8.count <= Self.longest else { throw Flaw(detail: "must be at most \(Self.longest) bytes long") }
        // Line breaks of a JSON text become escapes, so Mustache's rules for lines never apply.
        var scan = TagScan(source: Array((escaping == .json ? escaping.escape(text) : text).utf8)[...])
        while let name = try scan.nextName() {
            if let flaw = allowed.flaw(of: name) { throw Flaw(detail: flaw) }
        }
        paths = scan.names.map { $0.split(separator: ".").map(String.init) }
        let source = String(decoding: scan.rewritten, as: UTF8.self)
        if paths.isEmpty {
            (literal, template) = (source, nil)
            return
        }
        do {
            template = try MustacheTemplate(string: escaping.pragma + source)
            literal = nil
        } catch {
            throw Flaw(detail: Self.words(for: error))
        }
    }

    func render(_ values: TemplateValues) -> String {
        literal ?? template?.render(TemplateView(values: values, paths: paths)) ?? ""
    }

    /// The names that the tags use, sections too.
    var names: Set<String> { Set(paths.map { $0.joined(separator: ".") }) }

    private static func words(for error: any Error) -> String {
        guard let error = error as? MustacheTemplate.ParserError else { return "is not a template: \(error)" }
        switch error.error as? MustacheTemplate.Error {
        case .sectionCloseNameIncorrect: return "a section {{#name}} or {{^name}} is ended by another name than its own"
        case .expectedSectionEnd: return "a section {{#name}} or {{^name}} has no end {{/name}}"
        default: return "is not a template: \(error.error)"
        }
    }
}

/// Finds the tags of a text as Mustache will, and writes the text anew with each name replaced by its place.
private struct TagScan {
    var source: ArraySlice<UInt8>
    private(set) var rewritten: [UInt8] = []
    private(set) var names: [String] = []

    init(source: ArraySlice<UInt8>) { self.source = source }

    /// The name of the next tag; nil behind the last.
    mutating func nextName() throws(TextTemplate.Flaw) -> String? {
        while let start = source.firstIndex(ofPair: UInt8(ascii: "{")) {
            rewritten += source[..<start]
            source = source[(start + 2)...]
            guard let end = source.firstIndex(ofPair: UInt8(ascii: "}")) else {
                throw TextTemplate.Flaw(detail: "a tag that {{ begins is not ended by }}")
            }
            let tag = source[..<end]
            source = source[(end + 2)...]
            if tag.first != UInt8(ascii: "!") { return try take(tag) }
        }
        rewritten += source
        source = []
        return nil
    }

    private mutating func take(_ tag: ArraySlice<UInt8>) throws(TextTemplate.Flaw) -> String {
        let sigil = tag.prefix { "#^/".utf8.contains($0) }
        let name = tag.dropFirst(sigil.count).drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed()
        guard sigil.count <= 1, !name.isEmpty, name.allSatisfy(Self.isInName),
            name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty })
        else {
            throw TextTemplate.Flaw(
                detail:
                    "a tag must be {{name}}, {{#name}}…{{/name}} or {{^name}}…{{/name}}; a name has letters, digits, "
                    + "_ and -, and dots between")
        }
        let text = String(decoding: Array(name), as: UTF8.self)
        let place = names.firstIndex(of: text) ?? names.count
        if place == names.count { names.append(text) }
        rewritten += Array("{{".utf8) + sigil + Array("v\(place)}}".utf8)
        return text
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ArraySlice<UInt8> {
    /// Where the byte stands twice in a row, for the first time.
    fileprivate func firstIndex(ofPair byte: UInt8) -> Int? {
        indices.dropLast().first { self[$0] == byte && self[$0 + 1] == byte }
    }
}
