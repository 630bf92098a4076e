import Foundation
import TestSupport

/// The SQLite file of the old service, as its document describes it, made by Debian's `sqlite3`.
struct OldService {
    /// The table, word for word.
    static let table = """
        CREATE TABLE tasks (
            task_id TEXT PRIMARY KEY, type TEXT NOT NULL, customer_name TEXT, customer_id TEXT, trigger_type TEXT,
            trigger_keyword TEXT, trigger_keywords TEXT, action_type TEXT, action_file_url TEXT, action_message TEXT,
            priority TEXT DEFAULT 'normal', timeout_hours INTEGER DEFAULT 24, status TEXT DEFAULT 'pending',
            retry_count INTEGER DEFAULT 0, max_retry INTEGER DEFAULT 3, created_at TEXT, created_by TEXT,
            triggered_at TEXT, completed_at TEXT, error_message TEXT, result TEXT);
        """

    let path: String

    /// A new file with that table in a folder of the test's.
    static func make(in folder: String, named name: String = "tasks.db", _ statements: String...) async throws -> Self {
        let file = OldService(path: "\(folder)/\(name)")
        try await file.run(([table] + statements).joined(separator: "\n"))
        return file
    }

    func run(_ statements: String) async throws {
        let outcome = try await Child.run("/usr/bin/sqlite3", ["-batch", "-bail", path], input: statements)
        guard outcome.status == 0 else { throw NotMet(description: "sqlite3: \(outcome.complaints)") }
    }

    /// A task that waits for 好的 and was received so many hours ago; `cells` are literals of SQL.
    static func row(_ id: String, hoursAgo: Double = 2, _ cells: [String: String] = [:]) -> String {
        var row = [
            "task_id": quoted(id), "type": "'send'", "customer_id": quoted("c-\(id)"), "customer_name": "'小明'",
            "trigger_type": "'customer_reply'", "trigger_keyword": "'好的'", "action_type": "'send_message'",
            "action_message": quoted("message of \(id)"), "status": "'waiting'", "created_by": "'设计师 lz'",
            "created_at": quoted(time(hoursAgo: hoursAgo)),
        ]
        row.merge(cells) { $1 }
        let names = row.keys.sorted()
        return "INSERT INTO tasks (\(names.joined(separator: ", "))) VALUES "
            + "(\(names.map { row[$0] ?? "NULL" }.joined(separator: ", ")));"
    }

    static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }

    /// As Python's `datetime.now().isoformat()` writes it in Shanghai.
    static func time(hoursAgo: Double) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "Asia/Shanghai")
        format.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSS"
        return format.string(from: Date(timeIntervalSinceNow: -hoursAgo * 3600)) + "456"
    }
}
