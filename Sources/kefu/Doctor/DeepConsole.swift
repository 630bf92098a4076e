import Foundation
import KefuCore
import KefuRedis
import Synchronization

/// What a deep check prints: a line each finding as it comes, or one JSON object whose findings come as they are found;
/// on a terminal how far it is. Nothing is kept, so a million findings take no memory.
final class DeepConsole: Sendable {
    /// Between two looks at how far it is.
    private static let progressPause = Duration.milliseconds(250)

    private struct State {
        var outcome = Inspection.Outcome()
        var isFirst = true
        var shown: ContinuousClock.Instant?
    }

    private let isJSON: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    init(isJSON: Bool) { self.isJSON = isJSON }

    var outcome: Inspection.Outcome {
        get { state.withLock { $0.outcome } }
        set { state.withLock { $0.outcome = newValue } }
    }

    func begin(_ checks: [Check]) {
        Output.write(Array((isJSON ? #"{"findings":["# : checks.text).utf8))
    }

    func show(_ finding: Finding) {
        let isFirst = state.withLock { state in
            defer { state.isFirst = false }
            return state.isFirst
        }
        clearProgress()
        guard isJSON else { return Output.write(Array((Self.line(finding) + "\n").utf8)) }
        Output.write(Array((isFirst ? "" : ",").utf8) + Self.json(finding))
    }

    func progress(_ outcome: Inspection.Outcome) {
        guard isTerminal else { return }
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let shown = state.shown, now - shown < Self.progressPause { return false }
            state.shown = now
            return true
        }
        if isDue {
            FileHandle.standardError.write(
                Data("\r\(outcome.tasks) tasks, \(outcome.keys) keys, \(outcome.found) found …\u{1B}[K".utf8))
        }
    }

    /// - Parameters:
    ///   - checks: all of them.
    ///   - compared: the last of them, which ``begin(_:)`` did not have.
    func end(_ checks: [Check], _ compared: Check) {
        clearProgress()
        guard isJSON else { return Output.write(Array([compared].text.utf8)) }
        var json = JSONWriter()
        json.beginObject()
        checks.write(to: &json)
        let outcome = outcome
        json.key("compared")
        json.beginObject()
        for (name, number) in [
            ("tasks", outcome.tasks), ("keys", outcome.keys), ("found", outcome.found), ("mended", outcome.mended),
            ("left", outcome.left),
        ] {
            json.key(name)
            json.int(number)
        }
        json.endObject()
        json.endObject()
        // The object has begun with its findings.
        Output.write(Array("],".utf8) + json.bytes.dropFirst() + [UInt8(ascii: "\n")])
    }

    private func clearProgress() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }

    /// `fail  task T1: what disagrees`, and behind an arrow what was done, or can be done by somebody.
    static func line(_ finding: Finding) -> String {
        let state =
            switch finding.fate {
            case .mended: "done"
            case .found, .left: finding.isWarning ? "warn" : "fail"
            }
        let remedy = finding.fate == .found && finding.isMendable ? "" : " → \(finding.remedy)"
        return "\(state)  " + Table.escaped("\(finding.subject): \(finding.detail)\(remedy)")
    }

    /// `{"subject", "kind", "fate", "mendable", "detail", "remedy"}`
    private static func json(_ finding: Finding) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("subject")
        json.string(finding.subject)
        json.key("kind")
        json.string(finding.kind.rawValue)
        json.key("fate")
        json.string(finding.fate.rawValue)
        json.key("mendable")
        json.bool(finding.isMendable)
        json.key("detail")
        json.string(finding.detail)
        json.key("remedy")
        json.string(finding.remedy)
        json.endObject()
        return json.bytes
    }
}
