import KefuCore

/// Where a task stands while it waits for its triggers, as `receive.lua` takes it.
struct Armament {
    /// The names of the index entries, a line each, at the end ``scheduled`` when one of several triggers is a time;
    /// empty for `time_reach` alone.
    let names: String
    /// What it waits for in each entry; blank lines between.
    let entries: String
    /// Of each trigger that looks back `<ms> <name>`, then the lines of its own entry; blank lines between.
    let lookback: String
    /// The earliest and the latest `time_reach`, epoch milliseconds.
    let times: ClosedRange<Int64>?

    private static let scheduled = "scheduled"
    /// No entry has an empty line.
    private static let separator = "\n\n"

    init(_ task: NewTask) {
        guard !task.otherTriggers.isEmpty else {
            let place = IndexEntry(task.trigger)
            (names, entries) = (place?.name ?? "", place?.text ?? "")
            lookback = Self.lookback(task.trigger) ?? ""
            times = place == nil ? task.trigger.timeMs.map { $0...$0 } : nil
            return
        }
        let merged = IndexEntry.merged(task.triggers)
        let all = task.triggers.filter { $0.kind == .timeReach }.compactMap(\.timeMs)
        if let earliest = all.min(), let latest = all.max() { times = earliest...latest } else { times = nil }
        names = Self.places(of: task.triggers).map(\.name).joined(separator: "\n")
        entries = merged.map(\.text).joined(separator: Self.separator)
        lookback = task.triggers.compactMap(Self.lookback).joined(separator: Self.separator)
    }

    /// The names that the record's `armed` lists, each with its entry; that of ``scheduled`` is empty.
    static func places(of triggers: [Trigger]) -> [(name: String, entry: String)] {
        let entries = IndexEntry.merged(triggers).map { (name: $0.name, entry: $0.text) }
        let isTimed = triggers.count > 1 && triggers.contains { $0.kind == .timeReach }
        return entries + (isTimed ? [(name: scheduled, entry: "")] : [])
    }

    private static func lookback(_ trigger: Trigger) -> String? {
        guard trigger.lookbackMs > 0, let entry = IndexEntry(trigger) else { return nil }
        return "\(trigger.lookbackMs) \(entry.name)\n\(entry.text)"
    }
}

/// What is waited for in one hash of the index, as `match.lua` reads it there.
struct IndexEntry {
    /// The end of the key `armed:<customer>:…`.
    let name: String
    /// Messages: a mode, then lines `+keyword` and `-exclude`. Others: `*`, or conditions as a JSON array
    /// `[[field, operator, operand…]…]`, operands with a type letter (`s`, `n`, `b`). Of several triggers one behind
    /// the other, each on a line of its own.
    private(set) var text: String

    /// nil for `time_reach`, which waits for no event.
    init?(_ trigger: Trigger) {
        switch trigger.kind {
        case .customerReply, .customerKeyword: name = "message"
        case .customerPayment: name = "payment"
        case .customerOrder: name = "order"
        case .customEvent: name = Keys.custom(trigger.eventName ?? "")
        case .timeReach: return nil
        }
        text = name == "message" ? Self.keywords(trigger) : Self.conditions(trigger.conditions)
    }

    /// One entry for each name, in the order of their first triggers.
    static func merged(_ triggers: [Trigger]) -> [IndexEntry] {
        var entries: [IndexEntry] = []
        for entry in triggers.compactMap(IndexEntry.init) {
            if let index = entries.firstIndex(where: { $0.name.utf8.elementsEqual(entry.name.utf8) }) {
                entries[index].add(entry.text)
            } else {
                entries.append(entry)
            }
        }
        return entries
    }

    private mutating func add(_ alternative: String) {
        // Whatever is waited for beside it, any event is enough.
        if text == Self.any || alternative == Self.any { text = Self.any } else { text += "\n" + alternative }
    }

    private static let any = "*"

    private static func keywords(_ trigger: Trigger) -> String {
        // Normalized texts hold no line breaks: white space has become single spaces.
        var text = trigger.normalizedKeywords.isEmpty ? "any" : trigger.match.rawValue
        for keyword in trigger.normalizedKeywords { text += "\n+" + keyword }
        for exclude in trigger.normalizedExclude { text += "\n-" + exclude }
        return text
    }

    private static func conditions(_ conditions: [Condition]) -> String {
        guard !conditions.isEmpty else { return any }
        var json = JSONWriter()
        json.beginArray()
        for condition in conditions {
            json.beginArray()
            json.string(condition.field)
            json.string(condition.operator.rawValue)
            for operand in condition.operands { json.string(Self.typed(operand)) }
            json.endArray()
        }
        json.endArray()
        return json.text
    }

    private static func typed(_ operand: Scalar) -> String {
        switch operand {
        case .string(let text): "s" + text
        case .number(let number): "n\(number)"
        case .bool(let flag): flag ? "b1" : "b0"
        }
    }
}
