import ArgumentParser

struct ListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List tasks, newest first.",
        discussion: """
            One call looks at 1,000 tasks at most, so a filtered page may be short; --all walks to the end.
            With --json each page is one line. A terminal gets colours, and the columns that it has room for.

            EXAMPLES
              kefu list --status failed
              kefu list --customer c1 --all
              kefu list --search 好的 --limit 20
            """)

    @Option(help: "waiting, running, completed, failed or cancelled.", completion: .list(Words.statuses))
    var status: String?
    @Option(help: "The customer's id.") var customer: String?
    @Option(help: "The task's type.") var type: String?
    @Option(help: "urgent, high or normal.", completion: .list(Words.priorities)) var priority: String?
    @Option(help: "Who issued it.") var createdBy: String?
    @Option(help: "Part of an id, keyword or message.") var search: String?
    @Option(help: "Tasks a page, 1-500.") var limit = 50
    @Option(help: "Where the page before ended.") var cursor: String?
    @Flag(help: "All pages.") var all = false
    @Option(help: "Colours: auto, always or never.") var color = ColorChoice.auto
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            var tasks: [JSONNode] = []
            var next = cursor
            repeat {
                let answer = try await api.get("/api/task/list", query(after: next))
                // Complaints and --json are printed page by page, the table once.
                try client.show(answer) { _ in "" }
                tasks += answer.data["tasks"].elements
                next = answer.data["next_cursor"].string
            } while all && next != nil
            guard !client.json else { return }
            Output.write(TaskText.list(tasks, within: Terminal.size?.columns, paint: color.paint))
            if let next { Output.write("\nmore: --cursor \(Table.escaped(next))\n") }
        }
    }

    private func query(after cursor: String?) -> [(name: String, value: String?)] {
        [
            ("status", status), ("customer_id", customer), ("type", type), ("priority", priority),
            ("created_by", createdBy), ("q", search), ("limit", String(limit)), ("cursor", cursor),
        ]
    }
}
