import KefuCore

/// An answer of the store or of the model, in a form to compare and to read.
struct Answer: Equatable, CustomStringConvertible {
    var outcome: String
    /// `<task>#<attempt>` and the trace that it belongs to, in order.
    var claimed: [String] = []
    /// `<callback>#<delivery>` and the task's trace, in order.
    var delivered: [String] = []
    var hasBacklog = false
    /// Milliseconds.
    var due: Int64?

    init(_ outcome: String, hasBacklog: Bool = false, due: Int64? = nil) {
        self.outcome = outcome
        self.hasBacklog = hasBacklog
        self.due = due
    }

    init<Outcome>(_ handout: Handout<Outcome>) {
        switch handout.outcome {
        case let match as MatchOutcome:
            outcome = "\(match.duplicate ? "duplicate" : "matched") \(match.matched.sorted())"
        case let sweep as SweepOutcome:
            let (timedOut, reclaimed, lost) = (sweep.timedOut.sorted(), sweep.reclaimed.sorted(), sweep.lost.sorted())
            let traces = sweep.traces.map { "\($0) \($1)" }.sorted()
            outcome = "timed out \(timedOut) reclaimed \(reclaimed) lost \(lost) traces \(traces)"
        case .updated(let record) as UpdateOutcome: outcome = "updated \(record.priority.rawValue)"
        case let other: outcome = "\(other)".replacing("KefuCore.TaskStatus.", with: "")
        }
        claimed = handout.tasks.map { Self.claim($0.lease.taskID, $0.attempt, $0.trace) }
        delivered = handout.callbacks.map { Self.claim($0.callback.id, $0.earlierDeliveries + 1, $0.callback.trace) }
        hasBacklog = handout.hasBacklog
        due = handout.nextDueInMs
    }

    static func claim(_ id: String, _ number: Int, _ trace: TraceParent?) -> String {
        "\(id)#\(number)" + (trace.map { " \($0)" } ?? "")
    }

    var description: String {
        "\(outcome); claimed \(claimed); delivered \(delivered); backlog \(hasBacklog); due \(due.map { "\($0)" } ?? "-")"
    }
}

extension Trigger {
    /// What a trace shows of it.
    var shown: String {
        let at = timeMs.map { " @\($0 - TestStore.epoch)" } ?? ""
        let details = keywords + exclude.map { "-" + $0 } + conditions.map(\.field) + [eventName].compactMap(\.self)
        return "\(kind)\(at) \(details)\(lookbackMs > 0 ? " back \(lookbackMs)" : "")"
    }
}
