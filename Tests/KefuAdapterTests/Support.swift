import Foundation
import KefuCore
import Synchronization
import TestSupport
import Testing

@testable import KefuAdapter

/// What the tests of this target read adapters from and send with.
enum Given {
    static let environment = [
        "WECOM_URL": "http://wecom.test", "WECOM_CORP_ID": "corp id", "WECOM_SECRET": "s3cret&x=1",
        "PLATFORM_URL": "http://platform.test/base/", "PLATFORM_KEY": "key-1", "PLATFORM_SECRET": "geheim-geheim",
        "TIANWANG_URL": "http://tianwang.test",
    ]

    static let times = TimeZoneRules(name: "UTC")
    static var reader: RequestReader {
        get throws {
            RequestReader(timeZone: try #require(times), eventLog: .seconds(60))
        }
    }

    static func time(_ ms: Int64) -> String { "T\(ms)" }

    /// A recorded event whose data has a text as its member `x`.
    static func event(x text: String) -> String {
        var event = JSONWriter()
        event.beginObject()
        event.key("at")
        event.int(5)
        event.key("data")
        event.beginObject()
        event.key("x")
        event.string(text)
        event.endObject()
        event.endObject()
        return event.text
    }

    /// A file of this repository.
    static func text(_ path: String) throws -> String {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: tests.deletingLastPathComponent().appending(path: path), encoding: .utf8)
    }

    /// A file of `compose/adapters`.
    static func example(_ name: String) throws -> Adapter { try adapter(text("compose/adapters/\(name).json")) }

    static func adapter(_ file: String) throws -> Adapter {
        try Adapter(Array(file.utf8)) { environment[$0] }
    }

    /// All that is wrong with a file, a line each.
    static func flaws(_ file: String) -> [String] {
        do throws(Adapter.Flaws) {
            _ = try Adapter(Array(file.utf8)) { environment[$0] }
            return []
        } catch {
            return error.list.map(\.description)
        }
    }

    static func dialect(_ adapter: Adapter) throws -> AdapterDialect {
        adapter.dialect(reader: try reader, formatTime: time)
    }

    static func request(
        _ kind: ActionKind = .sendMessage, message: String? = "这是您要的文件", fileURL: String? = nil, url: String? = nil,
        taskID: String = "T1", customer: Customer = Customer(id: "c1"), event: String? = nil,
        maySend: @escaping @Sendable () -> Bool = { true }
    ) -> ActionRequest {
        ActionRequest(
            taskID: taskID, generation: 2, attempt: 3,
            action: Action(kind: kind, message: message, fileURL: fileURL, url: url), customer: customer,
            triggerEventJSON: event, maySend: maySend)
    }
}

/// Answers as the test's script says, and remembers what was asked.
final class ScriptedTransport: PlatformTransport {
    private let script: @Sendable (PlatformRequest, Int) async -> PlatformAnswer
    private let seen = Mutex<[PlatformRequest]>([])

    /// - Parameter script: gets the request and its number, from 1.
    init(_ script: @escaping @Sendable (PlatformRequest, Int) async -> PlatformAnswer) { self.script = script }

    var requests: [PlatformRequest] { seen.withLock { $0 } }

    func exchange(_ request: PlatformRequest) async -> PlatformAnswer {
        let number = seen.withLock { seen in
            seen.append(request)
            return seen.count
        }
        if let maySend = request.maySend, !maySend() { return .notSent }
        return await script(request, number)
    }
}

extension PlatformAnswer {
    static func status(_ status: Int, _ body: String = "", retryAfter: Duration? = nil) -> PlatformAnswer {
        .answered(
            status: status, body: Array(body.utf8), isCut: false, retryAfter: retryAfter,
            excerpt: String(body.prefix(200)))
    }
}

extension PlatformRequest {
    var text: String { String(decoding: body, as: UTF8.self) }
    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Texts that end strings, tags, headers and lines where somebody forgot to escape.
let hostileTexts = [
    #"""#, #"\"#, #"\""#, #"","admin":true,"x":""#, "\n", "\r\nX-Evil: 1", "\t", "{{task_id}}", "{{{token}}}", "{{",
    "}}", "{{/action.message}}", "{{#token}}", "{{%CONTENT_TYPE:TEXT}}", "{{=<% %>=}}", "\u{2028}\u{2029}",
    "\\u0022", "\\ud800", "\u{202E}evil", "\u{1}\u{1F}\u{7F}", "<script>alert(1)</script>", "a&b=c#d?e/f%00",
    "../../x", "😀👨‍👩‍👧", "e\u{301}\u{323}", "\u{85}", "$json", #"{"$json":"token"}"#, "***", " ", "%{0}", "'; --",
]
