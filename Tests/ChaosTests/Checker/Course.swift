/// All that is known of one task: each is judged for itself.
struct Course: Sendable {
    var promise: Promise
    var calls: [Call] = []
    /// Calls of events that were answered with this task among the matched.
    var wins: [Call] = []
    var sendings: [Sending] = []
    var deliveries: [Delivery] = []
    var changes: [Change] = []
    var record: [String: String]?

    func changes(of generation: Int) -> [Change] { changes.filter { $0.turn.generation == generation } }

    func count(_ cause: String, in generation: Int) -> Int {
        changes.count { $0.turn.generation == generation && $0.cause == cause }
    }

    var generations: [Int] { Set(changes.map(\.turn.generation)).sorted() }

    /// Everything, a line each, by time: what a person needs to see what went wrong.
    var story: String {
        var lines: [(at: Double, text: String)] = []
        for call in calls + wins {
            let took = Int(call.ended - call.invoked)
            lines.append(
                (call.invoked, "\(call.kind) \(call.subject) at \(call.instance): \(call.outcome) after \(took) ms"))
        }
        for sending in sendings {
            let text = "\(sending.instance) asks the gateway, attempt \(sending.attempt), key \(sending.key)"
            lines.append((sending.at, "\(text): answered \(sending.answer)"))
        }
        for delivery in deliveries {
            let text = "callback \(delivery.id) \(delivery.status) of generation \(delivery.turn.generation)"
            lines.append((delivery.at, "\(text): \(delivery.isAccepted ? "accepted" : "not accepted")"))
        }
        for change in changes {
            let text = "generation \(change.turn.generation): \(change.status) (\(change.cause))"
            lines.append((Double(change.at), "Redis, \(text)"))
        }
        let origin = lines.map(\.at).min() ?? 0
        let sorted = lines.sorted { $0.at < $1.at }.map { "    +\(Int($0.at - origin)) ms  \($0.text)" }
        let left = record.map { "\($0.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })" } ?? "none"
        return sorted.joined(separator: "\n") + "\n    record: \(left)"
    }
}

extension History {
    /// One for each task that anybody has spoken of.
    func courses() -> [String: Course] {
        var courses = promises.mapValues { Course(promise: $0) }
        func of(_ id: String, _ change: (inout Course) -> Void) {
            change(&courses[id, default: Course(promise: Promise(id: id, customer: ""))])
        }
        for call in calls {
            if call.kind != .event { of(call.subject) { $0.calls.append(call) } }
            if case .matched(let ids, _) = call.outcome { for id in ids { of(id) { $0.wins.append(call) } } }
        }
        for sending in sendings { of(sending.turn.task) { $0.sendings.append(sending) } }
        for delivery in deliveries { of(delivery.turn.task) { $0.deliveries.append(delivery) } }
        for change in changes { of(change.turn.task) { $0.changes.append(change) } }
        for (id, record) in records { of(id) { $0.record = record } }
        return courses
    }
}
