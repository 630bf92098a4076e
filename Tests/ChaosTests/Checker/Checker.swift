/// Judges a history: pure functions, one for each of the guarantees that the README gives.
enum Checker {
    enum Guarantee: String, Sendable, CaseIterable {
        case kept = "1. A task answered with 200 is never lost"
        case firedOnce = "2. A trigger fires at most once"
        case cancelled = "3. No action starts after a cancel was answered with 200"
        case sameKey = "4. One key for all attempts of a generation, and late answers change nothing"
        case calledBack = "5. Every final state is called back, always with the same callback_id"
        case inPlace = "6. A task stands in exactly the queues that its state says"
        case ownCustomer = "7. An event of one customer never reaches another's tasks"
        case takenOver = "8. A dead instance's tasks are taken over in time, in their order, without costing a retry"
        case contract = "Every answer is one that the contract knows"
    }

    struct Violation: Sendable, CustomStringConvertible {
        var guarantee: Guarantee
        var task: String?
        var text: String

        var description: String { "\(guarantee.rawValue): \(task.map { "\($0): " } ?? "")\(text)" }
    }

    /// Everything but the key space.
    static func violations(in history: History) -> [Violation] {
        var found = history.oddities.map { Violation(guarantee: .contract, text: $0) }
        if history.changes.count != history.changesMade {
            let text = "\(history.changes.count) of \(history.changesMade) changes were read"
            found.append(Violation(guarantee: .contract, text: text))
        }
        for (id, course) in history.courses().sorted(by: { $0.key < $1.key }) {
            let texts: [(Guarantee, [String])] = [
                (.kept, kept(course)), (.firedOnce, firedOnce(course)), (.cancelled, cancelled(course)),
                (.sameKey, sameKey(course)), (.calledBack, calledBack(course)), (.inPlace, inPlace(course)),
                (.ownCustomer, ownCustomer(course)),
            ]
            for (guarantee, lines) in texts {
                found += lines.map { Violation(guarantee: guarantee, task: id, text: $0) }
            }
        }
        found += eventsFired(history).map { Violation(guarantee: .firedOnce, text: $0) }
        found += matchedOwn(history).map { Violation(guarantee: .ownCustomer, text: $0) }
        found += claimedInOrder(history).map { Violation(guarantee: .takenOver, text: $0) }
        found += takenOver(history).map { Violation(guarantee: .takenOver, text: $0) }
        return found
    }
}
