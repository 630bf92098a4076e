// What senders were told, against what became of it: guarantees 1, 2, 3 and 7.
extension Checker {
    private static let finals: Set<String> = ["completed", "failed", "cancelled"]
    /// What a request, sent before, may take through a proxy that is just breaking its connection and onto the
    /// gateway's list, ms. Who sends without holding the lease does so at any time.
    static let wireMs = 100.0

    // MARK: 1

    static func kept(_ course: Course) -> [String] {
        var wrong: [String] = []
        let accepted = course.calls.compactMap { call -> Int? in
            if case .accepted(let generation) = call.outcome { generation } else { nil }
        }
        guard !accepted.isEmpty || course.calls.contains(where: { $0.outcome == .duplicate }) else { return wrong }
        guard let record = course.record else { return ["accepted, and there is no record of it"] }
        if let newest = accepted.max(), newest > Int(record["generation"] ?? "") ?? 0 {
            wrong.append("generation \(newest) was accepted and is not there")
        }
        if record["customer_id"] != course.promise.customer || record["priority"] != course.promise.priority {
            wrong.append("is another task than the one that was accepted")
        }
        if Set(accepted).count != accepted.count { wrong.append("a generation was accepted twice: \(accepted)") }
        wrong += honest(course)
        let isWaiting = record["status"] == "waiting" && record["triggered_at"] == nil && course.promise.isPatient
        if !finals.contains(record["status"] ?? ""), !isWaiting || course.promise.due != nil {
            wrong.append("has come to rest as \(record["status"] ?? "nothing")")
        }
        return wrong
    }

    /// Whoever was told that nothing was changed is not told at the next try that it was.
    private static func honest(_ course: Course) -> [String] {
        guard !course.promise.isSentTwiceAtOnce else { return [] }
        var mayHaveArrived = false
        for call in course.calls where call.kind == .receive && call.generation == 1 {
            if call.outcome == .duplicate, !mayHaveArrived {
                return ["an answer said that nothing was changed, and the next one that it is a duplicate"]
            }
            if call.outcome != .unchanged { mayHaveArrived = true }
        }
        return []
    }

    // MARK: 2

    static func firedOnce(_ course: Course) -> [String] {
        var wrong: [String] = []
        for generation in course.generations {
            let fired = course.count("triggered", in: generation)
            if fired > 1 { wrong.append("fired \(fired) times in generation \(generation)") }
            wrong += transitions(course, generation)
        }
        let events = Set(course.wins.map(\.subject)).count
        let firsts = course.wins.count { if case .matched(_, duplicate: false) = $0.outcome { true } else { false } }
        let manual = course.calls.count { $0.outcome == .fired }
        if max(events, firsts) + manual > course.generations.count {
            wrong.append("\(max(events, firsts)) events and \(manual) senders were told that they fired it")
        }
        for call in course.calls where call.outcome == .fired && course.count("triggered", in: call.generation) == 0 {
            wrong.append("was said to be fired and was not")
        }
        if !course.wins.isEmpty, !course.changes.contains(where: { $0.cause == "triggered" }) {
            wrong.append("was said to be matched and was not")
        }
        if let due = course.promise.due, let early = course.changes.first(where: { $0.cause == "triggered" }),
            early.at < due, !course.promise.triggers.contains("manual")
        {
            wrong.append("fired \(due - early.at) ms before its time")
        }
        return wrong
    }

    /// The order of states, as README and scheduling have it.
    private static func transitions(_ course: Course, _ generation: Int) -> [String] {
        var state = "none"
        for change in course.changes(of: generation) {
            let step = "\(change.status) (\(change.cause))"
            let next: String? =
                switch (state, change.status, change.cause) {
                case ("none", "waiting", "accepted"): "armed"
                case ("armed", "waiting", "triggered"): "ready"
                case ("armed", "failed", "timeout"), ("armed", "cancelled", _): change.status
                case ("ready", "running", "claimed"): "running"
                case ("ready", "cancelled", _), ("pausing", "cancelled", _): change.status
                case ("running", "waiting", "retrying"): "pausing"
                case ("running", "waiting", "lease_lost"), ("running", "waiting", "released"): "ready"
                case ("running", "completed", _), ("running", "failed", _), ("running", "cancelled", _): change.status
                case ("running", "waiting", "cancel_requested"), ("ready", "waiting", "cancel_requested"),
                    ("pausing", "waiting", "cancel_requested"):
                    "pausing"
                case ("pausing", "waiting", "ready"): "ready"
                case ("failed", "cancelled", _): change.status
                default: nil
                }
            guard let next else { return ["went from \(state) to \(step) in generation \(generation)"] }
            state = next
        }
        return []
    }

    /// An event that was answered with 200 has fired what waited for it.
    static func eventsFired(_ history: History) -> [String] {
        let answered = Set(
            history.calls.compactMap { call -> String? in
                if case .matched = call.outcome { call.subject } else { nil }
            })
        let fired = Set(history.changes.filter { $0.cause == "triggered" }.map(\.turn))
        return answered.sorted().flatMap { id in
            (history.happenings[id]?.mustFire ?? []).filter { !fired.contains($0) }.map {
                "\($0.task): the event \(id) was answered with 200 and has not fired it"
            }
        }
    }

    // MARK: 3

    static func cancelled(_ course: Course) -> [String] {
        var wrong: [String] = []
        for call in course.calls where call.kind == .cancel {
            let changes = course.changes(of: call.generation)
            switch call.outcome {
            case .cancelled:
                for sending in course.sendings
                where sending.turn.generation == call.generation && sending.at > call.ended + wireMs {
                    wrong.append(
                        "the gateway was asked \(Int(sending.at - call.ended)) ms after the cancel was answered with 200"
                    )
                }
                if changes.last?.status != "cancelled" {
                    wrong.append("a cancel was answered with 200 and it ended as \(changes.last?.status ?? "nothing")")
                }
            case .conflict(_, cancelRequested: true):
                if let end = changes.last?.status, !["completed", "cancelled"].contains(end) {
                    wrong.append("a cancel was noted and it ended as \(end)")
                }
            default: break
            }
        }
        return wrong
    }

    // MARK: 7

    static func ownCustomer(_ course: Course) -> [String] {
        var wrong: [String] = []
        for sending in course.sendings {
            if sending.customer != course.promise.customer {
                wrong.append("was sent to \(sending.customer), not to \(course.promise.customer)")
            }
            if let other = sending.eventCustomer, other != course.promise.customer {
                wrong.append("was fired by an event of \(other)")
            }
            if !course.promise.triggers.contains(sending.event ?? "-") {
                wrong.append("was fired by \(sending.event ?? "nothing"), not by \(course.promise.triggers.sorted())")
            }
        }
        return wrong
    }

    static func matchedOwn(_ history: History) -> [String] {
        history.calls.flatMap { call -> [String] in
            guard case .matched(let ids, _) = call.outcome, let event = history.happenings[call.subject] else {
                return []
            }
            return ids.filter { history.promises[$0].map { $0.customer != event.customer } ?? false }.map {
                "the event \(event.id) of \(event.customer) matched \($0), which is another's"
            }
        }
    }
}
