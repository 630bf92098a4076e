import Foundation
import KefuCore
import TestSupport
import Testing

@testable import KefuAdapter

/// Hostile files, frames, values and answers; see ``FuzzRun`` for how to run more of them.
@Suite struct AdapterFuzzTests {
    private static let words = [
        "{{", "}}", "{{{", "{{action.message}}", "{{#data.x}}", "{{/data.x}}", "{{^task_id}}", "{{%CONTENT_TYPE:TEXT}}",
        "{{=| |=}}", "{{>x}}", "{{!", "\"$json\":", "\"$optional\":", "\"$pointer\":", "\\u007b", "\\\"",
        "{{env.PLATFORM_KEY}}",
        "\"/a~1b\"", "~", "/0", "msg_list", "text", "paid", "\"msgtype\":", "\"external_userid\":", "{", "}", "[", "]",
        ",",
    ]

    private static var files: [[UInt8]] {
        get throws {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "compose/adapters")
            return try ["generic", "wecom-style", "token"].map {
                [UInt8](try Data(contentsOf: folder.appending(path: "\($0).json")))
            }
        }
    }

    @Test func `Any file is refused with words or sends bodies that are JSON, one line a header, and to its own host`()
        throws
    {
        let request = Given.request(
            message: hostileTexts.joined(), fileURL: "http://f/\"x", url: "http://u/{{y}}",
            customer: Customer(id: "c\"1", name: "{{token}}\r\n"),
            event: #"{"at":1,"data":{"x":"\"},{"},"conversation":{"open_kfid":["\\"]}}"#)
        let mutation = Mutation(words: Self.words, longest: 6000)
        let findings = try FuzzRun("adapter", mutation, seeds: try Self.files, share: 0.5).run { input, _ in
            do throws(Adapter.Flaws) {
                let adapter = try Adapter(input) { Given.environment[$0] }
                return Self.flaw(of: adapter, request)
            } catch {
                let isTold = !error.list.isEmpty && error.list.allSatisfy { !$0.detail.isEmpty }
                return isTold ? nil : "refused without words"
            }
        }
        #expect(findings == [])
    }

    private static func flaw(of adapter: Adapter, _ request: ActionRequest) -> String? {
        for kind in ActionKind.allCases {
            guard let template = adapter.outgoing?[kind] else { continue }
            var values = TemplateValues(request, environment: adapter.environment.value, formatTime: Given.time)
            values.set("token", "t\"\r\n{{x}}")
            if let frame = template.frame, !isJSON(frame.render(values)) { return "a frame that is no JSON" }
            guard let outgoing = template.request else { continue }
            let sent = outgoing.render(values, fallback: "http://h/", timeout: .seconds(1))
            if case .json = outgoing.body, !isJSON(sent.body) { return "a body that is no JSON: \(sent.text)" }
            for header in sent.headers where !header.value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
                return "the header \(header)"
            }
            guard let url = URL(string: sent.url), url.user() == nil,
                sent.url.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return "the URL \(sent.url)" }
        }
        return nil
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }

    /// JSON, or the bare word of the example `token`.
    private static func isAnswer(_ bytes: [UInt8]) -> Bool { bytes == Array("success".utf8) || isJSON(bytes) }

    @Test func `Any frame is read, and what is answered is JSON`() throws {
        let dialects = try ["wecom-style", "generic", "token"].map { try Given.dialect(try Given.example($0)) }
        let frames = [
            #"{"corp_id":"w","msg_list":[{"msgtype":"text","external_userid":"wm1","msgid":"m1","text":{"content":"好的"}},{"msgtype":"paid","external_userid":"wm2","order":{"id":"A","fee":1.5}}]}"#,
            #"{"msgtype":"ping","seq":1}"#, #"{"type":"customer_message","customer":{"id":"c"},"text":"x"}"#,
            #"{"kind":"chat","user":{"id":18},"content":"好的","seq":7,"payload":{"a":[1.5,null]}}"#,
            #"{"kind":"pay","user_id":"c2","seq":"s8"}"#, #"{"cmd":"sent","req":"k7-1","code":0}"#,
        ].map { Array($0.utf8) }
        let findings = try FuzzRun("adapter", Mutation(words: Self.words), seeds: frames).run { input, _ in
            for dialect in dialects {
                switch input.withUnsafeBytes(dialect.read) {
                case .ignored, .answer: break
                case .reply(let bytes):
                    if !Self.isAnswer(bytes) { return "reply \(String(decoding: bytes, as: UTF8.self))" }
                case .events(let frame):
                    if frame.events.isEmpty { return "no event in a frame of events" }
                    if let flaw = Self.flaw(of: frame, dialect) { return flaw }
                }
            }
            return nil
        }
        #expect(findings == [])
    }

    private static func flaw(of frame: EventFrame, _ dialect: AdapterDialect) -> String? {
        let outcomes = frame.events.map { item -> EventOutcome in
            switch item.result {
            case .success(let event): .taken(MatchOutcome(matched: [event.customerID], duplicate: false))
            case .failure(let error): .refused(error)
            }
        }
        for answer in dialect.acknowledgements(of: frame, outcomes: outcomes) where !isAnswer(answer) {
            return "answer \(String(decoding: answer, as: UTF8.self))"
        }
        for result in frame.events.map(\.result) {
            switch result {
            case .success(let event):
                if !Identifier.isValid(event.customerID) { return "the customer \(event.customerID)" }
                if !isJSON(Array(event.recordJSON.utf8)) { return "the record \(event.recordJSON)" }
            case .failure(let error): if error.detail.isEmpty { return "refused without words" }
            }
        }
        return nil
    }

    @Test func `Any answer of a platform is judged, and what is kept of it is JSON`() throws {
        let rules = try ["wecom-style", "token", "generic"].compactMap {
            try Given.example($0).outgoing?[.sendMessage]?.rules
        }
        let answers = [#"{"errcode":0,"msgid":"m","errmsg":"ok"}"#, #"{"id":[1,{"a":"b"}]}"#, "<html>"].map {
            Array($0.utf8)
        }
        let findings = try FuzzRun("json", Mutation(words: Self.words), seeds: answers).run { input, random in
            for rule in rules {
                guard case .accepted(let result?) = rule.verdict(status: random.pick([200, 401, 503]), body: input)
                else { continue }
                if !Self.isJSON(Array(result.utf8)) { return "kept \(result)" }
            }
            return nil
        }
        #expect(findings == [])
    }
}
