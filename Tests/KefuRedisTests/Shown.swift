// Answers in one line.
import KefuCore

extension Handout {
    /// The outcome, then whatever of the rest is there.
    var shown: String {
        var parts = outcome is Void ? [] : [Self.shown(outcome)]
        if !tasks.isEmpty {
            parts.append("claimed " + tasks.map { "\($0.lease.taskID)#\($0.attempt)" }.joined(separator: " "))
        }
        if !callbacks.isEmpty {
            let shown = callbacks.map { "\($0.callback.taskID):\($0.callback.status)#\($0.earlierDeliveries + 1)" }
            parts.append("deliver " + shown.joined(separator: " "))
        }
        if hasBacklog { parts.append("backlog") }
        if let nextDueInMs { parts.append("due in \(nextDueInMs)") }
        return parts.joined(separator: "; ")
    }

    private static func shown(_ outcome: Outcome) -> String {
        switch outcome {
        case let match as MatchOutcome:
            return (["matched"] + match.matched + (match.duplicate ? ["(duplicate)"] : [])).joined(separator: " ")
        case let sweep as SweepOutcome:
            let lists = [("timed out", sweep.timedOut), ("reclaimed", sweep.reclaimed), ("lost", sweep.lost)]
            let parts = lists.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1.joined(separator: " "))" }
            return (["swept"] + parts + (sweep.hasMore ? ["more"] : [])).joined(separator: ", ")
        default:
            return "\(outcome)".replacing("KefuCore.TaskStatus.", with: "")
        }
    }
}
