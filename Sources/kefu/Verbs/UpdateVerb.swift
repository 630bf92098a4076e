import ArgumentParser
import KefuCore

struct UpdateVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change a task that has not fired.",
        discussion: """
            A new time moves the deadline with it; one that has passed fires the task at once. Of several triggers all
            that are a time get it. Hours count from that time, without one from when the task was accepted.

            EXAMPLES
              kefu update TASK_003 --time '2028-02-27 09:00:00'
              kefu update TASK_001 --priority urgent --message 这是您要的文件 --timeout-hours 48
            """)

    @Argument(help: "The task's id.") var id: String
    @Option(help: "The new time; without an offset in the server's zone.") var time: String?
    @Option(help: "urgent, high or normal.", completion: .list(Words.priorities)) var priority: String?
    @Option(help: "What is sent instead.") var message: String?
    @Option(help: "How long it waits for its trigger; fractions are allowed.") var timeoutHours: Double?
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if time == nil, priority == nil, message == nil, timeoutHours == nil {
            throw ValidationError("Nothing to change: give --time, --priority, --message or --timeout-hours.")
        }
        if let timeoutHours, !timeoutHours.isFinite {
            throw ValidationError("--timeout-hours must be a number.")
        }
    }

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.post("/api/task/update", body: body)) { TaskText.changed($0) }
        }
    }

    /// What is not given is left out; the server checks the rest.
    var body: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("task_id")
        json.string(id)
        for (name, value) in [("time", time), ("priority", priority), ("message", message)] {
            guard let value else { continue }
            json.key(name)
            json.string(value)
        }
        if let timeoutHours {
            json.key("timeout_hours")
            json.raw("\(timeoutHours)")
        }
        json.endObject()
        return json.bytes
    }
}

extension TaskText {
    /// ``outcome(_:)``, and what can have changed.
    static func changed(_ answer: Envelope) -> String {
        let (task, names) = (answer.data, ["trigger_time", "triggers", "deadline_at", "priority", "action_message"])
        let shown = names.filter { !task[$0].isNull && !task[$0].text.isEmpty }
        return outcome(answer) + Table.fields(shown.map { ($0, task[$0].text) })
    }
}
