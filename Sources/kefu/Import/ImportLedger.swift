import KefuCore

/// What became of each task of an import: a line each as it is known, and the sums at the end.
struct ImportLedger {
    /// In the order in which the sums are shown.
    enum Outcome: String, CaseIterable {
        case accepted
        case present = "already there"
        case expired
        case unmovable = "cannot move"
        case refused
        case finished

        /// Of something that is left behind although it was not finished.
        var isLeftBehind: Bool { self == .expired || self == .unmovable || self == .refused }

        func word(isDryRun: Bool) -> String {
            switch self {
            case .accepted: isDryRun ? "would send" : rawValue
            default: rawValue
            }
        }
    }

    struct Entry {
        var task: OldTask
        var outcome: Outcome
        var field: String?
        /// What is left of its time, why it is left behind, what a person should know.
        var note: String
    }

    let isDryRun: Bool
    let isJSON: Bool
    private(set) var sums: [Outcome: Int] = [:]

    init(isDryRun: Bool, isJSON: Bool) {
        self.isDryRun = isDryRun
        self.isJSON = isJSON
    }

    var hasLeftBehind: Bool { sums.contains { $0.key.isLeftBehind && $0.value > 0 } }

    mutating func note(_ entry: Entry) {
        sums[entry.outcome, default: 0] += 1
        Output.write(isJSON ? json(entry) : text(entry))
    }

    /// Counts what has no line of its own.
    mutating func count(_ outcome: Outcome) { sums[outcome, default: 0] += 1 }

    func text(_ entry: Entry) -> String {
        let field = entry.field.map { "\($0): " } ?? ""
        let cells = [
            entry.outcome.word(isDryRun: isDryRun), entry.task.id, entry.task["customer_id"] ?? "", field + entry.note,
        ]
        let widths = [13, 20, 14, 0]
        let line = zip(cells, widths).map { cell, width in
            let shown = Table.escaped(cell)
            return shown + String(repeating: " ", count: max(0, width - TextWidth.of(shown)))
        }
        return line.joined(separator: "  ") + "\n"
    }

    func json(_ entry: Entry) -> String {
        var json = JSONWriter()
        json.beginObject()
        json.key("task_id")
        json.string(entry.task.id)
        json.key("outcome")
        json.string(entry.outcome.word(isDryRun: isDryRun))
        json.key("field")
        json.string(entry.field)
        json.key("note")
        json.string(entry.note)
        json.endObject()
        return json.text + "\n"
    }

    /// The sums, and what to do next.
    func conclusion(file: String) -> String {
        let shown = Outcome.allCases.filter { $0 == .accepted || sums[$0] != nil }
        guard !isJSON else {
            var json = JSONWriter()
            json.beginObject()
            json.key("summary")
            json.beginObject()
            for outcome in shown {
                json.key(outcome.word(isDryRun: isDryRun))
                json.int(sums[outcome] ?? 0)
            }
            json.endObject()
            json.endObject()
            return json.text + "\n"
        }
        var text = "\n" + Table.fields(shown.map { ($0.word(isDryRun: isDryRun), "\(sums[$0] ?? 0)") })
        if sums[.unmovable] != nil {
            text += "\nWhat cannot move is issued again, with what the old table did not keep: kefu send task.json\n"
        }
        if isDryRun {
            let file = file.hasPrefix("-") ? "./\(file)" : file
            text += """

                A dry run: nothing was changed. Stop the old service, so that only one of both acts, then:
                  kefu import \(Table.escaped(file)) --apply

                """
        }
        return text
    }
}
