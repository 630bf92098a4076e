import KefuCore

/// In what turns a batch of events goes to Redis, so that no event overtakes an earlier one of its customer.
///
/// Redis can refuse one call of a pipeline and take the next: it is busy with a script that ends in between, out of
/// memory until something expires, or fails over. So a turn, which is one write, has at most one event of a customer,
/// and a customer whose event was not taken has no later turn. A batch of different customers is one turn. (One script
/// call for all events of a customer would be atomic, too, but hold up Redis for as long as all of them take.)
/// Decides only.
struct EventTurns {
    /// Places in the batch, in order.
    private var turns: [[Int]] = []
    private let customers: [String]
    private var stopped: [String: StoreError] = [:]

    /// Nil when everything may go in one turn.
    init?(_ events: [CustomerEvent]) {
        guard Set(events.lazy.map(\.customerID)).count < events.count else { return nil }
        customers = events.map(\.customerID)
        var turnOfNext: [String: Int] = [:]
        for (place, customer) in customers.enumerated() {
            let turn = turnOfNext[customer, default: 0]
            turnOfNext[customer] = turn + 1
            if turn == turns.count { turns.append([]) }
            turns[turn].append(place)
        }
        turns.reverse()
    }

    /// The places that go next, and those that may not go at all, with the reason; nil at the end.
    mutating func next() -> (go: [Int], stay: [(place: Int, StoreError)])? {
        guard let turn = turns.popLast() else { return nil }
        if stopped.isEmpty { return (turn, []) }
        let stay = turn.compactMap { place in stopped[customers[place]].map { (place, $0) } }
        return (turn.filter { stopped[customers[$0]] == nil }, stay)
    }

    /// What became of an event that went. A defect stops nobody: sent again, it would meet the same one.
    mutating func failed(_ place: Int, _ error: StoreError) {
        switch error {
        case .unavailable(let cause), .outcomeUnknown(let cause): stopped[customers[place]] = .unavailable(cause)
        case .defect: break
        }
    }
}
