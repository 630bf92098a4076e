import ArgumentParser
import Foundation
import KefuCore

struct TopVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "Watch queues, rates, instances and failures as they change.",
        discussion: """
            Fills the terminal until q or Ctrl-C; says so when the connection is lost, and comes back by itself. Where
            the standard output is no terminal it prints what it sees once, and ends; with --json the statistics.

            EXAMPLES
              kefu top
              kefu top --color never
              kefu top > snapshot.txt
            """)

    @Option(help: "Colours: auto, always or never.") var color = ColorChoice.auto
    @OptionGroup var client: ClientOptions

    func run() async throws {
        let paint = color.paint
        let clock = try clock()
        try await client.run { api in
            let run = TopRun(api: api, paint: paint, clock: clock)
            if client.json { return try client.show(try await api.get("/api/task/stats")) { _ in "" } }
            let first = try await run.firstState()
            guard Terminal.isTerminal else {
                var state = first
                state.connection = .live
                // As wide as it gets: nobody knows who reads it.
                let size = Terminal.Size(columns: 200, rows: .max)
                let lines = TopView(state: state, size: size, paint: paint, clock: clock()).snapshot
                return Output.write(lines.map { $0 + "\n" }.joined())
            }
            try await run.run(first)
        }
    }

    /// The time of day in the configured zone.
    private func clock() throws -> @Sendable () -> String {
        let times = try Settings.orExit { try Settings(try SettingsSource(configFile: client.config)).timeZone }
        return { String(ChangeText.shortTime(times.text(Int64(Date.now.timeIntervalSince1970 * 1000))).prefix(14)) }
    }
}
