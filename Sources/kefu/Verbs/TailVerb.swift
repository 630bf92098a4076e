import ArgumentParser
import Foundation

struct TailVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Follow the changes of tasks, a line each, as they happen.",
        discussion: """
            Shows when, which task of which customer, its state and what brought it there, whichever instance made the
            change. A filter may be given several times. When the connection is lost it says so on the standard error
            stream, comes back by itself, and shows what happened meanwhile. Ctrl-C ends it.

            EXAMPLES
              kefu tail
              kefu tail --customer customer_123
              kefu tail --status failed --status cancelled
              kefu tail --json | jq -r .task_id
            """)

    @Option(help: "Only this customer's tasks.") var customer: [String] = []
    @Option(help: "Only this task.") var task: [String] = []
    @Option(help: "Only changes to this state.", completion: .list(Words.statuses))
    var status: [String] = []
    @Option(help: "Colours: auto, always or never.") var color = ColorChoice.auto
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if let unknown = status.first(where: { !Words.statuses.contains($0) }) {
            throw ValidationError("--status \(unknown): one of \(Words.statuses.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let filter = ChangeFilter(customers: Set(customer), tasks: Set(task), statuses: Set(status))
        let (paint, json) = (color.paint, client.json)
        try await client.run { api in
            try await Live.run {
                var isLost = false
                try await ChangeStream(api: api).follow { news in
                    switch news {
                    case .opened:
                        if isLost { StandardError.line("kefu: connected again") }
                        isLost = false
                    case .lost(let reason, _):
                        if !isLost {
                            StandardError.line("kefu: connection lost (\(Table.escaped(reason))), reconnecting…")
                        }
                        isLost = true
                    case .event(let event): try Self.show(event, filter, paint, json: json)
                    }
                }
            }
        }
    }

    /// - Throws: `CancellationError` when nobody reads any more.
    private static func show(_ event: ServerSentEvent, _ filter: ChangeFilter, _ paint: Paint, json: Bool) throws {
        if let remark = ChangeText.remark(event) { return StandardError.line("kefu: \(remark)") }
        guard event.type == "task", let change = JSONNode(event.data), filter.passes(change) else { return }
        // JSON has line breaks between its parts only.
        let line = json ? event.data.replacing("\n", with: " ") + "\n" : ChangeText.line(change, paint)
        guard Output.reaches(Array(line.utf8)) else { throw CancellationError() }
    }
}

/// Which changes are shown; an empty set lets all through.
struct ChangeFilter: Sendable {
    var customers: Set<String> = []
    var tasks: Set<String> = []
    var statuses: Set<String> = []

    func passes(_ change: JSONNode) -> Bool {
        [(customers, "customer_id"), (tasks, "task_id"), (statuses, "status")].allSatisfy { wanted, name in
            wanted.isEmpty || wanted.contains(change[name].text)
        }
    }
}
