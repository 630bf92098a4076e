import ArgumentParser
import Foundation
import KefuCore

struct ImportVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Move the unfinished tasks of the old service's tasks.db over.",
        discussion: """
            Without --apply it only says what would happen. It reads the SQLite file (by Debian's sqlite3 command) and
            sends what is pending, waiting or running there to the instance at KEFU_URL, each with what is left of its
            timeout_hours. Times in the file are read in KEFU_TIMEZONE. What the instance has already is not sent again:
            interrupt it and run it again as you like, but not after KEFU_RETENTION_HOURS. Stop the old service first.

            Left behind, with the reason: tasks whose time is over (--expired gives them some more hours), time_reach
            and custom_event (the old table has no column for their time and event), and what the API refuses. Then it
            ends with 1. Finished tasks cannot become tasks again: --history writes them to a file, as status shows
            tasks.

            EXAMPLES
              kefu import db/task_db/tasks.db
              kefu import db/task_db/tasks.db --apply
              kefu import tasks.db --apply --history finished.jsonl
              kefu import tasks.db --apply --expired 2 --json > moved.jsonl
            """)

    @Argument(help: "The old service's SQLite file.", completion: .file(extensions: ["db"])) var file: String
    @Flag(name: [.long, .customLong("yes")], help: "Do it.") var apply = false
    @Option(help: ArgumentHelp("Give tasks whose time is over so many hours more.", valueName: "hours"))
    var expired: Double?
    @Option(
        help: ArgumentHelp("Write the finished ones there, a line of JSON each.", valueName: "file"),
        completion: .file())
    var history: String?
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let expired, !(expired > 0 && expired <= 8760) {
            throw ValidationError("--expired \(expired): a number of hours above 0, 8760 at most.")
        }
    }

    func run() async throws {
        let (times, eventLog) = try timeZone()
        do {
            let database = try OldDatabase(path: file, searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "")
            if !database.lacking.isEmpty {
                say("this file was made without: \(database.lacking.joined(separator: ", "))")
            }
            try await client.run { try await move(database, times, eventLog, over: $0) }
        } catch let error as HistoryFile.Failure {
            StandardError.line("kefu: \(Table.escaped(error.description))")
            throw Exit.unavailable
        } catch let error as OldDatabase.Failure {
            StandardError.line("kefu: \(Table.escaped("\(file): \(error)"))")
            throw Exit.unavailable
        }
    }

    private func move(
        _ database: OldDatabase, _ times: TimeZoneRules, _ eventLog: Duration, over api: APIClient
    ) async throws {
        let total = try database.count()
        let now = Int64(Date.now.timeIntervalSince1970 * 1000)
        var run = ImportRun(
            api: api, database: database,
            migration: Migration(
                times: times, reader: RequestReader(timeZone: times, eventLog: eventLog), nowMs: now,
                hoursForExpired: expired),
            history: try apply ? history.map { path throws(HistoryFile.Failure) in try HistoryFile(path: path) } : nil,
            ledger: ImportLedger(isDryRun: !apply, isJSON: client.json),
            progress: { seen in
                // Where the lines go to a terminal, they are the progress.
                if !Terminal.isTerminal { say("\(seen) of \(max(seen, total)) rows") }
            })
        try await run.run()
        Output.write(run.ledger.conclusion(file: file))
        if run.ledger.hasLeftBehind { throw Exit.refused }
    }

    private func say(_ text: String) { StandardError.line("kefu: \(text)") }

    /// As the instance has them, when it reads the same settings.
    private func timeZone() throws -> (TimeZoneRules, Duration) {
        try Settings.orExit {
            let settings = try Settings(try SettingsSource(configFile: client.config))
            return (settings.timeZone, settings.eventLog)
        }
    }
}
