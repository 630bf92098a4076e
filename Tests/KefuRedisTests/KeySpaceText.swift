import Foundation
import TestSupport

/// A key space as lines, one a member: `<key> <member>: <value>`.
///
/// Times are shown as `@` and the milliseconds since ``TestStore/epoch``, scores of `ready` as their priority and that,
/// callbacks by the task, state and generation that they tell of (and a number, when there are several). An entry of
/// `changes` is numbered, and shows task, status, cause, time, customer and generation.
struct KeySpaceText: Equatable {
    /// `<key> <member>` → value.
    private(set) var lines: [String: String] = [:]

    init(_ image: [String: KeyImage]) {
        let names = Self.callbackNames(image)
        for (key, shown) in image {
            let suffix = shown.expires ? " (expires)" : ""
            func line(_ member: String, _ value: String) {
                lines[Self.named(key + suffix + member, names)] = Self.named(Self.readable(value), names)
            }
            switch shown.value {
            case .string(let text): line("", text)
            case .hash(let fields): for (field, value) in fields { line(" " + field, value) }
            case .sortedSet(let members):
                for (member, score) in members { line(" " + member, Self.score(score, in: key)) }
            case .list(let elements): for (index, element) in elements.enumerated() { line(" \(index)", element) }
            case .set(let members): for member in members { line(" " + member, "") }
            case .stream(let entries):
                for (index, entry) in entries.enumerated() { line(" \(index + 1)", entry.fields["change"] ?? "-") }
            }
        }
    }

    /// Sorted lines: `+ line` came, `- line` went, `~ key member: old → new`; of a timeline that grew, the new end.
    func changes(since before: KeySpaceText) -> String {
        var shown: [(name: String, text: String)] = []
        for (name, value) in lines where before.lines[name] != value {
            if let old = before.lines[name], name.hasSuffix(" timeline"), value.hasPrefix(old) {
                shown.append((name, "~ \(name): …\(value.dropFirst(old.count))"))
            } else if let old = before.lines[name] {
                shown.append((name, "~ \(name): \(old) → \(value)"))
            } else {
                shown.append((name, "+ \(name): \(value)"))
            }
        }
        for (name, value) in before.lines where lines[name] == nil { shown.append((name, "- \(name): \(value)")) }
        return shown.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map(\.text).joined(separator: "\n")
    }

    private static func score(_ score: Double, in key: String) -> String {
        let number = String(format: "%.0f", score)
        guard key == "ready" else { return number }
        let rank = Int(score / 1e13)
        let names = [1: "urgent", 2: "high", 3: "normal"]
        return "\(names[rank] ?? "?") " + String(format: "%.0f", score - Double(rank) * 1e13)
    }

    /// Epoch milliseconds within three years of the tests' beginning become distances.
    /// Epoch milliseconds within some years of the tests' beginning become distances.
    private static func readable(_ text: String) -> String {
        guard text.utf8.count >= 13 else { return text }
        var shown: [UInt8] = []
        var digits: [UInt8] = []
        func flush() {
            if digits.count == 13, (17...19).contains(Int(digits[0] - 48) * 10 + Int(digits[1] - 48)) {
                let ms = digits.reduce(into: Int64(0)) { $0 = $0 * 10 + Int64($1 - 48) }
                shown += "@\(ms - TestStore.epoch)".utf8
            } else {
                shown += digits
            }
            digits.removeAll(keepingCapacity: true)
        }
        for byte in text.utf8 {
            if (48...57).contains(byte) {
                digits.append(byte)
            } else {
                flush()
                shown.append(byte)
            }
        }
        flush()
        return String(decoding: shown, as: UTF8.self)
    }

    private static func callbackNames(_ image: [String: KeyImage]) -> [String: String] {
        var told: [(label: String, at: String, id: String)] = []
        for (key, shown) in image {
            guard key.hasPrefix("callback:"), case .hash(let fields) = shown.value, let task = fields["task_id"],
                let status = fields["status"], let generation = fields["generation"]
            else { continue }
            told.append(("\(task) \(status) g\(generation)", fields["at"] ?? "", String(key.dropFirst(9))))
        }
        var names: [String: String] = [:]
        var numbers: [String: Int] = [:]
        for callback in told.sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) {
            let number = numbers[callback.label, default: 0] + 1
            numbers[callback.label] = number
            names[callback.id] = "<\(callback.label)\(number == 1 ? "" : " #\(number)")>"
        }
        return names
    }

    private static func named(_ text: String, _ names: [String: String]) -> String {
        guard text.contains("cb_") else { return text }
        return text.replacing(#/cb_[0-9a-f]{32}/#) { match in names[String(match.output)] ?? String(match.output) }
    }
}
