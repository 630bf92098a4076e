import ArgumentParser
import KefuCore

struct CallbacksVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callbacks", abstract: "Look at the outbox of callbacks, or deliver dead ones again.",
        subcommands: [ListCallbacks.self, ReplayCallbacks.self], defaultSubcommand: ListCallbacks.self)
}

struct ListCallbacks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List callbacks that are waiting, or that were given up.",
        discussion: """
            EXAMPLES
              kefu callbacks
              kefu callbacks --state dead --limit 500
            """)

    @Option(help: "pending or dead.", completion: .list(["pending", "dead"])) var state = "pending"
    @Option(help: "1-500.") var limit = 50
    @Option(help: "Where the page before ended.") var cursor: String?
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            let query = [("state", state), ("limit", String(limit)), ("cursor", cursor)]
            let answer = try await api.get("/api/callbacks", query.map { (name: $0.0, value: $0.1) })
            try client.show(answer) { Self.text($0.data) }
        }
    }

    static func text(_ data: JSONNode) -> String {
        var table = Table("CALLBACK", "TASK", "STATUS", "ATTEMPTS", "NEXT ATTEMPT", "LAST ERROR")
        for entry in data["callbacks"].elements {
            table.add(
                ["callback_id", "task_id", "status", "attempts", "next_attempt_at", "last_error"]
                    .map { entry[$0].text })
        }
        let next = data["next_cursor"].string.map { "\nmore: --cursor \(Table.escaped($0))\n" } ?? ""
        return table.text + next
    }
}

struct ReplayCallbacks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Put callbacks back to the head of the outbox.",
        discussion: """
            EXAMPLES
              kefu callbacks replay 1f0c9a
              kefu callbacks replay --task TASK_001
              kefu callbacks replay --all-dead
            """)

    @Argument(help: "The callback's id.") var callbackID: String?
    @Option(help: "All callbacks of this task.") var task: String?
    @Flag(help: "All that were given up.") var allDead = false
    @OptionGroup var client: ClientOptions

    func validate() throws {
        guard [callbackID != nil, task != nil, allDead].count(where: { $0 }) == 1 else {
            throw ValidationError("Give one of: a callback's id, --task, --all-dead.")
        }
    }

    func run() async throws {
        try await client.run { api in
            let answer = try await api.post("/api/callbacks/replay", body: body)
            try client.show(answer) { "replayed: \($0.data["replayed"].text)\n" }
            if callbackID != nil, answer.data["replayed"].text == "0" {
                StandardError.line("kefu: no callback with this id waits or was given up; kefu callbacks lists them")
                throw Exit.refused
            }
        }
    }

    private var body: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        if let callbackID {
            json.key("callback_id")
            json.string(callbackID)
        } else if let task {
            json.key("task_id")
            json.string(task)
        } else {
            json.key("all_dead")
            json.bool(true)
        }
        json.endObject()
        return json.bytes
    }
}
