/// Changes of state, as people read them: a line each.
enum ChangeText {
    /// The states in the words of those who issue tasks.
    static func chinese(_ status: String) -> String {
        switch status {
        case "pending": "已接收"
        case "waiting": "等待中"
        case "running": "执行中"
        case "completed": "已完成"
        case "failed": "失败"
        case "cancelled": "已取消"
        default: ""
        }
    }

    /// `02-27 09:00:00.123  TASK_001  customer_123  已完成 completed  completed`, in columns as long as ids are usual.
    static func line(_ change: JSONNode, _ paint: Paint) -> String {
        let status = change["status"].text
        let generation = change["generation"].integer ?? 1
        let cells: [(text: String, width: Int, color: Paint.Color?)] = [
            (shortTime(change["at"].text), 18, .dim),
            (change["task_id"].text + (generation > 1 ? " #\(generation)" : ""), 20, .bold),
            (change["customer_id"].text, 14, nil),
            (chinese(status), 6, Paint.color(of: status)),
            (status, 9, Paint.color(of: status)),
            (change["cause"].text, 0, nil),
        ]
        var line = ""
        for cell in cells {
            let text = Table.escaped(cell.text)
            let gap = cell.width == 0 ? 0 : max(0, cell.width - TextWidth.of(text)) + 2
            line += paint(text, cell.color) + String(repeating: " ", count: gap)
        }
        return line + "\n"
    }

    /// What the server says about the stream itself; nil for anything else.
    static func remark(_ event: ServerSentEvent) -> String? {
        switch event.type {
        case "gap": "some changes were missed: the server does not have them any more"
        case "dropped": "the server ended the stream because it was read too slowly"
        case "closing": "the instance is stopping"
        default: nil
        }
    }

    /// `02-27 09:00:00.123` of an RFC 3339 time; anything else as it is.
    static func shortTime(_ text: String) -> String {
        guard text.utf8.count >= 23, text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}.*/) != nil else {
            return text
        }
        return text.dropFirst(5).prefix(5) + " " + text.dropFirst(11).prefix(12)
    }
}
