import ArgumentParser

struct StatsVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show how many tasks stand where, and who is alive.",
        discussion: """
            EXAMPLES
              kefu stats
              kefu stats --json
            """)

    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.get("/api/task/stats")) { Self.text($0.data) }
        }
    }

    static func text(_ data: JSONNode) -> String {
        var fields: [(name: String, value: String)] = [("total", data["total"].text)]
        let statuses = ["pending", "waiting", "running", "completed", "failed", "cancelled"]
        fields.append(("by status", counts(data["by_status"], statuses)))
        fields.append(("by priority", counts(data["by_priority"], ["urgent", "high", "normal"])))
        fields.append(("by trigger", counts(data["by_trigger"], keys(data["by_trigger"]))))
        let queues = data["queues"]
        fields.append(("queues", counts(queues, keys(queues).filter { $0 != "ready" })))
        fields.append(("ready", counts(queues["ready"], ["urgent", "high", "normal"])))
        if !data["oldest_ready_ms"].isNull { fields.append(("oldest ready", "\(data["oldest_ready_ms"].text) ms")) }
        for (title, key) in [("last minute", "last_minute"), ("last hour", "last_hour")] {
            fields.append((title, counts(data[key], keys(data[key]))))
        }
        var table = Table("INSTANCE", "HOST", "VERSION", "STARTED", "LAST SEEN", "RUNNING")
        for instance in data["instances"].elements {
            table.add(["id", "host", "version", "started_at", "last_seen", "running"].map { instance[$0].text })
        }
        return Table.fields(fields) + "\n" + table.text
    }

    private static func keys(_ node: JSONNode) -> [String] {
        if case .object(let members) = node { members.keys.sorted() } else { [] }
    }

    private static func counts(_ node: JSONNode, _ names: [String]) -> String {
        names.map { "\($0) \(node[$0].text)" }.joined(separator: "  ")
    }
}
