/// What a run came to, in words.
struct Report {
    private(set) var endings: [Play.Ending] = []

    mutating func add(_ ending: Play.Ending) { endings.append(ending) }

    /// The sums, then a table of the faults.
    func text(seed: UInt64, rounds: Int) -> String {
        let histories = endings.map(\.history)
        let faults = endings.reduce(0) { $0 + $1.history.faults.count }
        let tasks = histories.reduce(0) { $0 + $1.promises.count }
        let calls = histories.reduce(0) { $0 + $1.calls.count }
        let unknown = histories.reduce(0) { $0 + $1.calls.count { $0.outcome == .unknown } }
        let sendings = histories.reduce(0) { $0 + $1.sendings.count }
        let changes = histories.reduce(0) { $0 + $1.changes.count }
        let kills = histories.reduce(0) { $0 + $1.deaths.count }
        let instances = endings.reduce(0) { $0 + $1.instances }
        return """
            chaos  seed \(seed)
            chaos  \(rounds) rounds, \(faults) faults, \(kills) kills among them; \(instances) instances
            chaos  \(tasks) tasks, \(calls) calls (\(unknown) unanswered), \(sendings) actions, \(changes) changes
            chaos  prevented: \(preventedText)
            chaos  issued anew by a POST that was still under way when its task was cancelled: \(revived)
            chaos  sent once more under the same key: \(repeated) (allowed: somebody died, stalled or was not answered)
            \(takeoverText)

            \(table)
            """
    }

    private var preventedText: String {
        var sums: [(what: String, count: Int)] = []
        for prevented in endings.flatMap(\.prevented) {
            if let index = sums.firstIndex(where: { $0.what == prevented.what }) {
                sums[index].count += prevented.count
            } else {
                sums.append((prevented.what, prevented.count))
            }
        }
        return sums.map { "\($0.count) \($0.what)" }.joined(separator: ", ")
    }

    /// Generations that no sender knows of.
    private var revived: Int {
        endings.reduce(0) { sum, ending in
            let known = Set(
                ending.history.calls.map { TaskTurn(task: $0.subject, generation: $0.generation) })
            return sum
                + ending.history.changes.count {
                    $0.cause == "accepted" && $0.turn.generation > 1 && !known.contains($0.turn)
                }
        }
    }

    /// Requests that came although one before them, under the same key, was answered with 200.
    private var repeated: Int {
        endings.reduce(0) { sum, ending in
            var answered: Set<String> = []
            return sum
                + ending.history.sendings.count { sending in
                    let isRepeated = answered.contains(sending.key)
                    if sending.answer == 200 { answered.insert(sending.key) }
                    return isRepeated
                }
        }
    }

    /// From the kill to the first, and to the last, of what the instance held.
    private var takeoverText: String {
        var firsts: [Int64] = []
        var all: [Int64] = []
        for history in endings.map(\.history) {
            for death in history.deaths where death.isAlone {
                let times = Checker.takeovers(of: death, in: history).map(\.afterMs).sorted()
                if let first = times.first { firsts.append(first) }
                all += times
            }
        }
        firsts.sort()
        all.sort()
        guard let first = firsts.last, let last = all.last else { return "chaos  no task had to be taken over" }
        let lease = Fleet.leaseMs
        let late = all.count { $0 > lease + 1000 }
        return """
            chaos  kill -9 → its first task runs elsewhere: p50 \(firsts[firsts.count / 2]) ms, longest \(first) ms \
            (lease \(lease) ms, \(firsts.count) kills with tasks in hand)
            chaos  kill -9 → each of its \(all.count) tasks: p50 \(all[all.count / 2]) ms, longest \(last) ms, \
            \(late) after lease + 1 s
            """
    }

    // MARK: Faults

    private struct Row {
        var times = 0
        var done = 0
        var refused = 0
        var unknown = 0
        var lost = 0
        var retried = 0
    }

    /// Each fault, how often, and what happened while it was there and in the second after.
    private var table: String {
        var rows: [String: Row] = [:]
        for ending in endings {
            for injection in ending.history.faults {
                let (start, end) = (injection.start, injection.end + 1000)
                rows[injection.name, default: Row()].times += 1
                for call in ending.history.calls where call.ended >= start && call.ended <= end {
                    switch call.outcome {
                    case .unchanged: rows[injection.name]?.refused += 1
                    case .unknown: rows[injection.name]?.unknown += 1
                    default: rows[injection.name]?.done += 1
                    }
                }
                for change in ending.history.changes where Double(change.at) >= start && Double(change.at) <= end {
                    if change.cause == "lease_lost" { rows[injection.name]?.lost += 1 }
                    if change.cause == "retrying" { rows[injection.name]?.retried += 1 }
                }
            }
        }
        let names = ["times", "done", "refused", "unknown", "leases lost", "retries"]
        let head = Self.line("fault", names)
        let lines = rows.sorted { $0.key < $1.key }.map { name, row in
            Self.line(name, [row.times, row.done, row.refused, row.unknown, row.lost, row.retried].map { String($0) })
        }
        return ([head] + lines).joined(separator: "\n")
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        let padded = name + String(repeating: " ", count: max(1, 42 - name.count))
        return "chaos  " + padded + cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
    }
}
