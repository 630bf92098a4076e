import Foundation
import KefuCore

/// Finished tasks of the old service as lines of JSON, under the names and in the forms of `GET /api/task/status`:
/// times with their offset, numbers and JSON as such. They cannot become tasks of an instance: it accepts what is still
/// to be done, and its own history begins with it.
struct HistoryFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let texts = [
        "task_id", "type", "customer_name", "customer_id", "trigger_type", "trigger_keyword", "action_type",
        "action_file_url", "action_message", "priority", "status", "created_by", "error_message",
    ]
    private static let numbers = ["timeout_hours", "retry_count", "max_retry"]
    private static let json = ["trigger_keywords", "result"]
    private static let times = ["created_at", "triggered_at", "completed_at"]

    private let file: FileHandle
    private let path: String

    /// Begins the file anew.
    init(path: String) throws(Failure) {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else { throw Failure(description: "\(path) cannot be written") }
        self.file = file
        self.path = path
    }

    func append(_ tasks: [OldTask], _ migration: Migration) throws(Failure) {
        guard !tasks.isEmpty else { return }
        do {
            try file.write(contentsOf: Data(tasks.flatMap { Self.line($0, migration) }))
        } catch {
            throw Failure(description: "\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// What is not what its column promises stays the text it is.
    static func line(_ task: OldTask, _ migration: Migration) -> [UInt8] {
        var line = JSONWriter(capacity: 512)
        line.beginObject()
        for name in texts {
            line.key(name)
            line.string(task[name])
        }
        for name in numbers {
            line.key(name)
            write(task[name], to: &line) { Double($0).map { $0.isFinite } ?? false && JSONNode($0) != nil }
        }
        for name in json {
            line.key(name)
            write(task[name], to: &line) { JSONNode($0) != nil && !$0.contains("\n") }
        }
        for name in times {
            line.key(name)
            line.string(task[name].map { text in migration.epochMs(text).map(migration.times.text) ?? text })
        }
        line.endObject()
        return line.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(_ text: String?, to line: inout JSONWriter, rawIf isRaw: (String) -> Bool) {
        guard let text else { return line.null() }
        if isRaw(text) { line.raw(text) } else { line.string(text) }
    }
}
