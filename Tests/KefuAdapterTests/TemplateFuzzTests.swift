import Foundation
import KefuCore
import TestSupport
import Testing

@testable import KefuAdapter

/// Hostile text as the value of every name of a template: it stands where it was put, whole, and nowhere else. See
/// ``FuzzRun`` for how to run more of it.
@Suite struct TemplateFuzzTests {
    private static let file = #"""
        {
          "out": {
            "all": {
              "url": "http://h/{{task_id}}/p?q={{action.message}}&r=1",
              "headers": {"X-Text": "a{{action.message}}b"},
              "success": {"status": 200},
              "frame": {
                "id": "{{frame_id}}",
                "text": "<{{action.message}}>",
                "link": {"$optional": "{{action.url}}"},
                "data": {"$json": "data"}
              }
            },
            "send_message": {
              "body": {
                "text": "<{{action.message}}>",
                "list": ["{{customer.name}}", "{{#data.x}}{{data.x}}{{/data.x}}", {"$json": "data.x"}],
                "user": {"id": "{{customer.id}}", "none": {"$optional": "{{action.file_url}}"}}
              }
            },
            "send_link": {"form": {"f": "{{action.message}}", "g": "{{action.url}}"}}
          },
          "callback": {"url": "http://t/{{task_id}}", "body": {"why": "{{error}}", "result": {"$json": "result"}}},
          "connector": {"answer": {"when": {"/cmd": "sent"}, "id": "/id"}}
        }
        """#

    private static let words = [
        "\"", "\\", "\\\"", "\\u0022", "\"}", "\",\"x\":\"", "{{", "}}", "{{{", "}}}", "{{action.message}}",
        "{{#data.x}}", "{{/data.x}}", "{{^data.x}}", "{{!", "{{=| |=}}", "{{>x}}", "{{%CONTENT_TYPE:TEXT}}", "&lt;",
        "<script>", "\r\n", "\r\nX: y", "%0d%0a", "%", "&g=2", "?", "#", "/../", "//evil/", "@", ":", "\u{2028}",
        "\u{0}",
    ]

    @Test func `Any text stays in the string, URL part, field or header that it was put in`() throws {
        let adapter = try Given.adapter(Self.file)
        let seeds = hostileTexts.map { Array($0.utf8) }
        let findings = try FuzzRun("text", Mutation(words: Self.words, longest: 600), seeds: seeds).run {
            input, random in
            // Not empty, which is nothing to a template, and without what the contract takes nowhere.
            let text = "." + String(decoding: input, as: UTF8.self)
            guard JSONReader.accepts(JSONValue.string(text).json) else { return nil }
            return switch random.below(4) {
            case 0: Self.flaw(ofMessage: text, adapter)
            case 1: Self.flaw(ofForm: text, adapter)
            case 2: Self.flaw(ofFrame: text, adapter)
            default: Self.flaw(ofCallback: text, adapter)
            }
        }
        #expect(findings == [])
    }

    private static func values(_ kind: ActionKind, _ text: String, _ adapter: Adapter) -> TemplateValues {
        let request = Given.request(
            kind, message: text, url: text, taskID: text, customer: Customer(id: text, name: text),
            event: Given.event(x: text))
        return TemplateValues(request, environment: adapter.environment.value, formatTime: Given.time)
    }

    private static func flaw(ofMessage text: String, _ adapter: Adapter) -> String? {
        let values = values(.sendMessage, text, adapter)
        guard let template = adapter.outgoing?[.sendMessage]?.request else { return "no template" }
        let sent = template.render(values, fallback: nil, timeout: .seconds(1))
        let expected = JSONValue.members([
            ("text", .string("<\(text)>")), ("list", .array([.string(text), .string(text), .string(text)])),
            ("user", .members([("id", .string(text))])),
        ])
        if let flaw = flaw(of: sent.body, expected) { return flaw }
        let parts = sent.url.split(separator: "?", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].split(separator: "/").count == 4, parts[0].hasSuffix("/p"),
            same(parts[0].dropFirst(9).dropLast(2).removingPercentEncoding, text)
        else { return "the URL \(sent.url)" }
        if let flaw = flaw(ofFields: String(parts[1]), [("q", text), ("r", "1")]) { return flaw }
        let headers = sent.headers.filter { $0.name == "X-Text" }.map(\.value)
        guard headers.count == 1, headers[0].hasPrefix("a"), headers[0].hasSuffix("b"),
            headers[0].utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return "the headers \(sent.headers)" }
        return nil
    }

    private static func flaw(ofForm text: String, _ adapter: Adapter) -> String? {
        guard let template = adapter.outgoing?[.sendLink]?.request else { return "no template" }
        let sent = template.render(values(.sendLink, text, adapter), fallback: nil, timeout: .seconds(1))
        return flaw(ofFields: String(decoding: sent.body, as: UTF8.self), [("f", text), ("g", text)])
    }

    private static func flaw(ofFrame text: String, _ adapter: Adapter) -> String? {
        var values = values(.sendLink, text, adapter)
        values.set("frame_id", "k1")
        guard let frame = adapter.outgoing?[.sendLink]?.frame else { return "no template" }
        let expected = JSONValue.members([
            ("id", .string("k1")), ("text", .string("<\(text)>")), ("link", .string(text)),
            ("data", .members([("x", .string(text))])),
        ])
        return flaw(of: frame.render(values), expected)
    }

    private static func flaw(ofCallback text: String, _ adapter: Adapter) -> String? {
        var result = JSONWriter()
        result.string(text)
        let callback = Callback(
            id: "cb", taskID: text, status: .failed, error: text, atMs: 0, generation: 1, taskAttempts: 1,
            customerID: text, resultJSON: String(decoding: result.bytes, as: UTF8.self))
        let values = TemplateValues(callback, environment: adapter.environment.value, formatTime: Given.time)
        guard let template = adapter.callback?.request else { return "no template" }
        let sent = template.render(values, fallback: nil, timeout: .seconds(1))
        guard sent.url.hasPrefix("http://t/"), same(sent.url.dropFirst(9).removingPercentEncoding, text),
            !sent.url.dropFirst(9).contains(where: { "/?#".contains($0) })
        else { return "the URL \(sent.url)" }
        return flaw(of: sent.body, .members([("why", .string(text)), ("result", .string(text))]))
    }

    // MARK: What came out

    /// Two parsers read what was written: another says that it is JSON, and ours, which keeps every byte (the other
    /// drops U+FEFF), what stands there.
    private static func flaw(of body: [UInt8], _ expected: JSONValue) -> String? {
        let said = String(decoding: body, as: UTF8.self)
        guard (try? JSONSerialization.jsonObject(with: Data(body))) != nil else { return "no JSON: \(said)" }
        guard let found = try? JSONValue(parsing: body), found.json == expected.json else { return "other: \(said)" }
        return nil
    }

    private static func flaw(ofFields text: String, _ expected: [(name: String, value: String)]) -> String? {
        let fields = text.split(separator: "&", omittingEmptySubsequences: false)
        guard fields.count == expected.count else { return "\(fields.count) fields: \(text)" }
        for (field, (name, value)) in zip(fields, expected) {
            let parts = field.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == name, same(parts[1].removingPercentEncoding, value) else {
                return "the field \(field)"
            }
        }
        return nil
    }

    /// Byte for byte: Swift's `==` also takes what only looks the same.
    private static func same(_ found: String?, _ text: String) -> Bool { found?.utf8.elementsEqual(text.utf8) == true }
}
