extension History {
    /// All of it, a line each, by time: for people, and for `grep`.
    var text: String {
        var lines: [(at: Double, text: String)] = []
        for call in calls {
            let took = Int(call.ended - call.invoked)
            let turn = call.kind == .event ? "" : ":\(call.generation)"
            lines.append(
                (
                    call.invoked,
                    "call      \(call.kind) \(call.subject)\(turn) \(call.instance) \(took) ms \(call.outcome)"
                ))
        }
        for sending in sendings {
            let text = "\(sending.key) attempt \(sending.attempt) \(sending.instance) by \(sending.event ?? "-")"
            lines.append((sending.at, "gateway   \(text) answered \(sending.answer)"))
        }
        for delivery in deliveries {
            let text = "\(delivery.turn.task):\(delivery.turn.generation) \(delivery.status) \(delivery.id)"
            lines.append((delivery.at, "callback  \(text) \(delivery.isAccepted ? "accepted" : "refused")"))
        }
        for change in changes {
            let text = "\(change.turn.task):\(change.turn.generation) \(change.status) (\(change.cause))"
            lines.append((Double(change.at), "redis     \(text)"))
        }
        for death in deaths {
            lines.append((Double(death.at), "killed    \(death.instance), which held \(death.held.sorted())"))
        }
        for fault in faults {
            lines.append((fault.start, "fault     \(fault.name) until +\(Int(fault.end - fault.start)) ms"))
        }
        let origin = lines.map(\.at).min() ?? 0
        return lines.sorted { $0.at < $1.at }.map { "\(Int($0.at - origin)) \($0.text)\n" }.joined()
    }
}
