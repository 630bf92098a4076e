// Who ran what, and when: guarantee 8.
extension Checker {
    /// What is granted beyond the lease, ms: a machine that is busy with other tests does nothing at all for a while.
    static let takeoverSlack: Int64 = 10_000

    /// Replays which tasks were ready at each claim: strict priority, the oldest first, whoever claimed, and also those
    /// that were taken from the dead.
    static func claimedInOrder(_ history: History) -> [String] {
        var ready = ReadyLine()
        var fired: [TaskTurn: Int64] = [:]
        var wrong: [String] = []
        for change in history.changes {
            if change.cause == "triggered" { fired[change.turn] = change.at }
            let place = ReadyLine.Place(
                priority: history.promises[change.turn.task]?.priority ?? "normal", fired: fired[change.turn] ?? 0,
                task: change.turn.task)
            switch change.cause {
            case "triggered", "ready", "lease_lost", "released", "retry": ready.insert(place)
            case "claimed":
                if let first = ready.first, first != place {
                    wrong.append("\(place.task) was claimed before \(first.task): \(place) before \(first)")
                }
                ready.remove(place)
            default: ready.remove(place)
            }
        }
        return wrong
    }

    /// Each task that an instance held when it died was another's within the lease and a little.
    static func takenOver(_ history: History) -> [String] {
        history.deaths.filter(\.isAlone).flatMap { death in
            takeovers(of: death, in: history).filter { $0.afterMs > history.leaseMs + takeoverSlack }.map {
                "\($0.task) of \(death.instance) was taken over after \($0.afterMs) ms"
            }
        }
    }

    struct Takeover: Sendable {
        var task: String
        var afterMs: Int64
    }

    /// How long each task of a dead instance waited for the next one to run it, ms; those that were never run again
    /// (cancelled, or lost too often) are left out.
    static func takeovers(of death: Death, in history: History) -> [Takeover] {
        var found: [String: Int64] = [:]
        for change in history.changes where change.cause == "claimed" && change.at > death.at {
            let task = change.turn.task
            if death.held.contains(task), found[task] == nil { found[task] = change.at - death.at }
        }
        return found.map { Takeover(task: $0.key, afterMs: $0.value) }
    }
}

/// What stands in `ready`, as `ready` orders it.
struct ReadyLine {
    struct Place: Hashable, Comparable, CustomStringConvertible {
        var priority: String
        /// ms.
        var fired: Int64
        var task: String

        private var rank: Int { ["urgent", "high", "normal"].firstIndex(of: priority) ?? 3 }

        static func < (left: Place, right: Place) -> Bool {
            if left.rank != right.rank { return left.rank < right.rank }
            if left.fired != right.fired { return left.fired < right.fired }
            return left.task.utf8.lexicographicallyPrecedes(right.task.utf8)
        }

        var description: String { "\(priority) \(fired)" }
    }

    private var places: [Place] = []

    var first: Place? { places.first }

    mutating func insert(_ place: Place) {
        let index = position(of: place)
        if index == places.count || places[index] != place { places.insert(place, at: index) }
    }

    mutating func remove(_ place: Place) {
        let index = position(of: place)
        if index < places.count, places[index] == place { places.remove(at: index) }
    }

    private func position(of place: Place) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
