/// Tasks, as people read them.
enum TaskText {
    /// The order in which a task's fields are shown; those the server adds later come behind, by name.
    private static let order = [
        "task_id", "type", "status", "priority", "customer_id", "customer_name", "trigger_type", "trigger_keyword",
        "trigger_keywords", "trigger_match", "trigger_exclude", "trigger_where", "trigger_time", "trigger_event_name",
        "triggers", "action_type", "action_message", "action_file_url", "action_url", "created_at", "created_by",
        "updated_at", "deadline_at", "timeout_hours", "triggered_at", "trigger_event", "next_attempt_at",
        "completed_at",
        "attempts", "retry_count", "max_retry", "generation", "error_code", "error_message", "cancel_requested",
        "cancel_reason", "result",
    ]
    private static let lists = ["timeline", "failed_attempts", "callback_attempts"]

    static func everything(_ task: JSONNode) -> String {
        guard case .object(let members) = task else { return "" }
        let later = members.keys.filter { !order.contains($0) && !lists.contains($0) }.sorted()
        let shown = (order + later).filter { !task[$0].isNull && !task[$0].text.isEmpty }
        var text = Table.fields(shown.map { ($0, task[$0].text) })
        if !task["timeline"].elements.isEmpty {
            var table = Table("STATUS", "AT")
            for entry in task["timeline"].elements { table.add([entry["status"].text, entry["at"].text]) }
            text += "\n" + table.text
        }
        if !task["failed_attempts"].elements.isEmpty {
            var table = Table("FAILED", "AT", "HTTP", "MS", "ERROR")
            for attempt in task["failed_attempts"].elements {
                table.add(["attempt", "at", "http_status", "duration_ms", "error"].map { attempt[$0].text })
            }
            text += "\n" + table.text
        }
        if !task["callback_attempts"].elements.isEmpty {
            var table = Table("CALLBACK", "TRY", "AT", "HTTP", "MS", "ERROR")
            for attempt in task["callback_attempts"].elements {
                table.add(["status", "attempt", "at", "http_status", "duration_ms", "error"].map { attempt[$0].text })
            }
            text += "\n" + table.text
        }
        return text
    }

    /// One line: which task, where it stands now, what the server said.
    static func outcome(_ answer: Envelope) -> String {
        "\(Table.escaped(answer.data["task_id"].text))  \(answer.data["status"].text)  \(answer.message)\n"
    }

    /// What a narrow terminal does without, first to last.
    private static let expendable = ["ACTION", "KEYWORDS", "TRIGGER", "PRIORITY", "ERROR", "CREATED", "CUSTOMER"]

    /// - Parameter width: of the terminal; nil when it is none: then nothing is left out or shortened.
    static func list(_ tasks: [JSONNode], within width: Int? = nil, paint: Paint = Paint(isOn: false)) -> String {
        var table = Table("TASK", "STATUS", "PRIORITY", "CUSTOMER", "TRIGGER", "KEYWORDS", "ACTION", "CREATED", "ERROR")
        for task in tasks {
            let keywords = [task["trigger_keyword"].text, task["trigger_keywords"].text].filter { !$0.isEmpty }
            let others = max(0, task["triggers"].elements.count - 1)
            let created = task["created_at"].text
            table.add([
                task["task_id"].text, task["status"].text, task["priority"].text, task["customer_id"].text,
                task["trigger_type"].text + (others == 0 ? "" : " +\(others)"), keywords.joined(separator: ", "),
                task["action_type"].text, width == nil ? created : ChangeText.shortTime(created),
                task["error_code"].text,
            ])
        }
        return table.text(within: width, expendable: expendable, paint: paint)
    }
}
