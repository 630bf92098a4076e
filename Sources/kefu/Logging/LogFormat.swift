import Logging

/// How one event becomes one line.
enum LogFormat: String, CaseIterable {
    /// `2026-02-27T09:00:00.000+08:00 INFO 任务触发 task_id=T1 customer_id=c1 attempt=1`
    case text
    /// One JSON object a line: `time`, `level`, `message`, `logger`, then the fields, each name once: a field that has
    /// one of these four is called `field_message` and so on.
    case json

    private static let ownNames: Set = ["time", "level", "message", "logger"]

    /// - Parameters:
    ///   - time: RFC 3339.
    ///   - fields: sorted as they shall appear.
    /// - Returns: UTF-8, with the line's end.
    func line(
        time: String, level: Logger.Level, logger: String, message: String, fields: [(name: String, value: String)]
    ) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        switch self {
        case .text:
            line.append(contentsOf: "\(time) \(level.rawValue.uppercased()) ".utf8)
            LogText.append(message, to: &line, limit: LogText.longestMessage, quoted: false)
            for field in fields {
                line.append(UInt8(ascii: " "))
                LogText.append(field.name, to: &line, quoted: false)
                line.append(UInt8(ascii: "="))
                Self.appendValue(field.value, to: &line)
            }
        case .json:
            line.append(UInt8(ascii: "{"))
            Self.appendMember("time", time, to: &line)
            Self.appendMember("level", level.rawValue, to: &line)
            Self.appendMember("message", message, limit: LogText.longestMessage, to: &line)
            Self.appendMember("logger", logger, to: &line)
            for field in fields {
                let isTaken = Self.ownNames.contains(field.name)
                Self.appendMember(isTaken ? "field_\(field.name)" : field.name, field.value, to: &line)
            }
            line.append(UInt8(ascii: "}"))
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func appendValue(_ value: String, to line: inout [UInt8]) {
        let isPlain = LogText.isPlain(value)
        if !isPlain { line.append(UInt8(ascii: "\"")) }
        LogText.append(value, to: &line, quoted: !isPlain)
        if !isPlain { line.append(UInt8(ascii: "\"")) }
    }

    private static func appendMember(
        _ name: String, _ value: String, limit: Int = LogText.longestValue, to line: inout [UInt8]
    ) {
        line.append(contentsOf: line.count > 1 ? ",\"".utf8 : "\"".utf8)
        LogText.append(name, to: &line, quoted: true)
        line.append(contentsOf: "\":\"".utf8)
        LogText.append(value, to: &line, limit: limit, quoted: true)
        line.append(UInt8(ascii: "\""))
    }
}
