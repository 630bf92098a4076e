import Foundation
import KefuCore
import Logging
import Testing

@testable import kefu

struct LogLineTests {
    private func line(
        _ message: Logger.Message, _ metadata: Logger.Metadata = [:], format: LogFormat = .text,
        level: Logger.Level = .info
    ) -> String {
        let handler = StderrLogHandler(label: "kefu", level: .trace, format: format, formatTime: { "T\($0)" })
        let event = LogEvent(
            level: level, message: message, error: nil, metadata: metadata, source: "s", file: "f", function: "g",
            line: 1)
        return String(decoding: handler.line(for: event, epochMs: 5), as: UTF8.self)
    }

    @Test func `an event is one line: time, level, message, fields, the task first`() {
        #expect(
            line("任务触发", ["attempt": "1", "a": "x", "customer_id": "c", "task_id": "T1"])
                == "T5 INFO 任务触发 task_id=T1 customer_id=c attempt=1 a=x\n")
        #expect(line("m", level: .warning) == "T5 WARNING m\n")
    }

    @Test func `values with spaces, quotes or equal signs are quoted, empty ones too`() {
        #expect(
            line("m", ["a": "b c", "d": "say \"x\" \\", "e": "", "f": "g=h", "i": "中文"])
                == "T5 INFO m a=\"b c\" d=\"say \\\"x\\\" \\\\\" e=\"\" f=\"g=h\" i=中文\n")
    }

    static let foreign = [
        "\n", "\r", "\t", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{2028}", "\u{2029}",
        "\u{202E}", "\u{2066}", "\u{2069}", "\u{200F}", "\u{61C}", "\u{FEFF}",
    ]

    @Test(arguments: foreign, LogFormat.allCases)
    func `nothing foreign reaches the line raw`(character: String, format: LogFormat) throws {
        let text = line("a\(character)b", ["k\(character)": "c\(character)d"], format: format)
        #expect(text.unicodeScalars.filter { $0 == "\n" }.count == 1)
        #expect(!text.dropLast().unicodeScalars.contains { character.unicodeScalars.contains($0) })
        let code = String(character.unicodeScalars.first?.value ?? 0, radix: 16)
        let escape = "\\u" + String(repeating: "0", count: 4 - code.count) + code
        #expect(text.contains("c\(escape)d"))
    }

    @Test(arguments: LogFormat.allCases)
    func `a long value is cut on a character border`(format: LogFormat) {
        let text = line("m", ["k": .string(String(repeating: "好", count: 1000))], format: format)
        #expect(text.filter { $0 == "好" }.count == LogText.longestValue / 3)
        #expect(text.contains("…"))
        let family = String(repeating: "a", count: LogText.longestValue - 1) + "👨‍👩‍👧‍👦"
        #expect(!line("m", ["k": .string(family)], format: format).contains("👨"))
    }

    @Test func `a JSON line names nothing twice, whatever fields an event has`() throws {
        let fields: Logger.Metadata = ["message": "a", "time": "b", "level": "c", "logger": "d", "task_id": "e"]
        let text = line("m", fields, format: .json)
        // The strict reader refuses what has a name twice.
        #expect(JSONReader.accepts(Array(text.utf8)))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(
            object == [
                "time": "T5", "level": "info", "message": "m", "logger": "kefu", "field_message": "a",
                "field_time": "b", "field_level": "c", "field_logger": "d", "task_id": "e",
            ])
    }

    @Test func `a line names the request that it is for`() {
        var handler = StderrLogHandler(label: "kefu", level: .trace, format: .text, formatTime: { "T\($0)" })
        handler.metadataProvider = .request
        func line(_ own: Logger.Metadata = [:]) -> String {
            let event = LogEvent(
                level: .info, message: "m", error: nil, metadata: own, source: "s", file: "f", function: "g", line: 1)
            return String(decoding: handler.line(for: event, epochMs: 5), as: UTF8.self)
        }
        #expect(line() == "T5 INFO m\n")
        RequestScope.$id.withValue("req-1") {
            #expect(line() == "T5 INFO m request_id=req-1\n")
            #expect(line(["request_id": "req-2"]) == "T5 INFO m request_id=req-2\n")
        }
    }

    @Test func `a JSON line is strict JSON and keeps the values`() throws {
        let value = "q\" b\\ n\n 中 \u{202E} \u{1}"
        let text = line("消息", ["k": .string(value)], format: .json, level: .error)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String])
        #expect(object == ["time": "T5", "level": "error", "message": "消息", "logger": "kefu", "k": value])
    }
}
