import Foundation

/// The SQLite file of the old service, read through Debian's `sqlite3`: the program itself needs no SQLite. Nothing is
/// written to the file, nothing passes a shell, and one page of rows is in memory at a time.
struct OldDatabase {
    /// Why the file cannot be read, and what to do.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// In milliseconds: how long a writer that holds the file is waited for.
    static let patience = 5000
    static let rowsPerPage = 200
    /// Without these columns it is not the old service's table; of the others old files may lack some.
    static let required = ["task_id", "status", "trigger_type", "customer_id", "action_type", "created_at"]
    static let columns =
        required + [
            "type", "customer_name", "trigger_keyword", "trigger_keywords", "action_file_url", "action_message",
            "priority", "timeout_hours", "retry_count", "max_retry", "created_by", "triggered_at", "completed_at",
            "error_message", "result",
        ]

    let path: String
    private let program: String
    /// Of ``columns``, those that the file has.
    private(set) var present: [String] = []

    /// Columns that this file was made without.
    var lacking: [String] { Self.columns.filter { !present.contains($0) } }

    init(path: String, searchPath: String) throws(Failure) {
        guard let program = Self.find("sqlite3", in: searchPath) else {
            throw Failure(description: "the command sqlite3 is needed to read it: apt-get install sqlite3")
        }
        self.program = program
        // Absolute, so that no name is taken for an option.
        let path = URL(fileURLWithPath: path).path
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Failure(description: "there is no such file")
        }
        guard !isFolder.boolValue else { throw Failure(description: "is a folder, not an SQLite file") }
        let found = Set(try rows("PRAGMA table_info(tasks)").compactMap { $0["name"]?.lowercased() })
        guard !found.isEmpty else { throw Failure(description: "has no table 'tasks': is it the old service's file?") }
        if let missing = Self.required.first(where: { !found.contains($0) }) {
            throw Failure(description: "its table 'tasks' has no column '\(missing)': is it the old service's file?")
        }
        present = Self.columns.filter { found.contains($0) }
    }

    func count() throws(Failure) -> Int {
        try rows("SELECT CAST(count(*) AS TEXT) AS n FROM tasks").first?["n"].flatMap { Int($0) } ?? 0
    }

    /// Up to ``rowsPerPage`` tasks behind that row, in the order in which they were stored.
    func page(after row: Int64) throws(Failure) -> [OldTask] {
        // As text whatever a cell holds, and with a mark for what would be cut.
        let cells = present.map { column in
            "CASE WHEN instr(CAST(\(column) AS BLOB), x'00') THEN char(65533) ELSE CAST(\(column) AS TEXT) END "
                + "AS \(column)"
        }
        return try rows(
            "SELECT CAST(rowid AS TEXT) AS row, \(cells.joined(separator: ", ")) FROM tasks "
                + "WHERE rowid > \(row) ORDER BY rowid LIMIT \(Self.rowsPerPage)"
        ).map { OldTask(cells: $0) }
    }

    /// Runs one statement. The text is constant but for numbers and our own column names.
    private func rows(_ statement: String) throws(Failure) -> [[String: String]] {
        let process = Process()
        let (output, complaints) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "-init", "/dev/null", "-batch", "-readonly", "-json", "-cmd", ".timeout \(Self.patience)", path, statement,
        ]
        // Nothing of our environment: it may hold tokens.
        process.environment = [:]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = complaints
        do {
            try process.run()
        } catch {
            throw Failure(description: "\(program) cannot be started: \(error.localizedDescription)")
        }
        // A page of answers first: complaints are a line, which the pipe holds.
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0, process.terminationReason == .exit else {
            throw Failure(description: Self.explained(complaint))
        }
        guard !answer.isEmpty else { return [] }
        // Bytes that are no UTF-8 become U+FFFD, by which ``Migration`` knows them.
        guard case .array(let rows)? = JSONNode(String(decoding: answer, as: UTF8.self)) else {
            throw Failure(
                description: "sqlite3 answered with something else than JSON: version 3.33 or later is needed")
        }
        return rows.map { row in
            guard case .object(let cells) = row else { return [:] }
            return cells.compactMapValues { $0.isNull ? nil : $0.text }
        }
    }

    /// What `sqlite3` complains of, with what can be done about it.
    static func explained(_ complaint: String) -> String {
        let line = complaint.split(separator: "\n").first.map { String($0) } ?? "sqlite3 failed without a word"
        let advice =
            switch line {
            case let line where line.contains("unknown option"): "sqlite3 3.33 or later is needed"
            case let line where line.contains("locked"): "somebody is writing to it: stop the old service, try again"
            case let line where line.contains("not a database"): "is it the old service's file?"
            case let line where line.contains("malformed"):
                "it is damaged: `sqlite3 FILE .recover | sqlite3 mended.db`, then import that"
            case let line where line.contains("unable to open") || line.contains("readonly"):
                "it has to be readable, and its folder writable when there is a -wal or -journal beside it: "
                    + "copy all of them to a folder of your own"
            default: ""
            }
        return advice.isEmpty ? line : "\(line) (\(advice))"
    }

    private static func find(_ name: String, in searchPath: String) -> String? {
        searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: FileManager.default.isExecutableFile)
    }
}

/// A row of the old `tasks` table: cells as text, nil for NULL and for columns that the file lacks.
struct OldTask: Equatable, Sendable {
    var cells: [String: String]

    var row: Int64 { cells["row"].flatMap { Int64($0) } ?? .max }
    var id: String { cells["task_id"] ?? "" }

    /// nil for an empty cell, too: the old service did not tell them apart.
    subscript(column: String) -> String? {
        guard let text = cells[column], !text.isEmpty else { return nil }
        return text
    }
}
