import KefuCore
import Synchronization

/// Changes that a test makes up. `ChangeFeedTests` asks the same of Redis.
final class FakeFeed: ChangeFeed {
    private struct State {
        var changes: [Change] = []
        var isDown = false
        var reads = 0
        var followers = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var turn = 0
    }

    private let state = Mutex(State())

    /// How often it was asked for anything, and how many wait for changes now.
    var reads: Int { state.withLock(\.reads) }
    var followers: Int { state.withLock(\.followers) }

    /// Whether somebody has taken all that was added, and waits for more.
    var isRead: Bool { state.withLock { !$0.waiting.isEmpty } }

    /// Appends changes `T<n>` with ids `<n>-0`.
    func add(_ numbers: ClosedRange<Int>, text: String = "") {
        wake { state in
            for number in numbers {
                state.changes.append(
                    Change(
                        id: ChangeID(ms: UInt64(number), count: 0), taskID: "T\(number)\(text)", status: "running",
                        cause: "claimed", atMs: 1_800_000_000_000, customerID: "客户\n1", generation: 1))
            }
        }
    }

    /// Forgets all but the newest.
    func trim(to count: Int) { wake { $0.changes.removeFirst($0.changes.count - count) } }

    func setDown(_ isDown: Bool) { wake { $0.isDown = isDown } }

    func newest() async throws(StoreError) -> ChangeID { try look { $0.changes.last?.id ?? .zero } }

    func changes(after id: ChangeID, limit: Int) async throws(StoreError) -> ChangePage {
        try look { state in
            ChangePage(
                changes: Array(state.changes.drop { $0.id <= id }.prefix(limit)), oldest: state.changes.first?.id,
                newest: state.changes.last?.id)
        }
    }

    func follow() -> any ChangeFollower {
        state.withLock { $0.followers += 1 }
        return Follower(feed: self)
    }

    private func look<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let value = state.withLock { state -> Value? in
            state.reads += 1
            return state.isDown ? nil : body(&state)
        }
        guard let value else { throw .unavailable("the feed is down") }
        return value
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            defer { state.waiting = [:] }
            return state.waiting.values
        }
        for waiter in waiting { waiter.resume() }
    }

    private final class Follower: ChangeFollower {
        private let feed: FakeFeed
        private let isClosed = Atomic<Bool>(false)

        init(feed: FakeFeed) { self.feed = feed }

        func next(after id: ChangeID, limit: Int) async throws(StoreError) -> [Change] {
            while !isClosed.load(ordering: .acquiring) {
                let found = try await feed.changes(after: id, limit: limit).changes
                if !found.isEmpty { return found }
                await withCheckedContinuation { waiter in
                    let mustWait = feed.state.withLock { state in
                        let isQuiet = state.changes.last.map { $0.id <= id } ?? true
                        guard isQuiet, !state.isDown, !isClosed.load(ordering: .acquiring) else { return false }
                        state.turn += 1
                        state.waiting[state.turn] = waiter
                        return true
                    }
                    if !mustWait { waiter.resume() }
                }
            }
            throw .unavailable("closed")
        }

        func close() {
            guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
            feed.wake { $0.followers -= 1 }
        }
    }
}
