import KefuCore

/// What a feed of changes must do, whoever stands behind the port; also the fake of other tests. Finds what is wrong.
package enum FeedContract {
    /// - Parameters:
    ///   - feed: without any change yet.
    ///   - add: appends changes with the ids `<n>-0`.
    package static func flaws(
        of feed: any ChangeFeed, add: (ClosedRange<Int>) async throws -> Void
    ) async throws -> [String] {
        var flaws: [String] = []
        func check(_ what: String, _ holds: Bool) { if !holds { flaws.append(what) } }

        check("an empty feed has no newest", try await feed.newest() == .zero)
        let nothing = try await feed.changes(after: .zero, limit: 10)
        check("an empty feed has no page", nothing == ChangePage(changes: [], oldest: nil, newest: nil))
        try await add(1...5)
        check("the newest is the last", try await feed.newest() == id(5))
        let page = try await feed.changes(after: id(1), limit: 3)
        check("a page begins behind its id and ends at its limit", page.changes.map(\.id) == [id(2), id(3), id(4)])
        check("a page knows what is kept", page.oldest == id(1) && page.newest == id(5))
        check("tasks are told", page.changes.map(\.taskID) == ["T2", "T3", "T4"])
        let between = try await feed.changes(after: ChangeID(ms: 3, count: 7), limit: 10)
        check("an id need not exist", between.changes.map(\.id) == [id(4), id(5)])
        check("there is nothing behind the last", try await feed.changes(after: id(5), limit: 3).changes.isEmpty)

        let follower = feed.follow()
        check(
            "what is there comes at once", try await follower.next(after: id(2), limit: 2).map(\.id) == [id(3), id(4)])
        async let waiting = {
            var changes: [Change] = []
            while changes.isEmpty { changes = try await follower.next(after: id(5), limit: 10) }
            return changes
        }()
        try await add(6...6)
        check("what comes is told", try await waiting.map(\.id) == [id(6)])
        async let last: Result<[Change], any Error> = {
            do {
                // Empty answers are answers; only the end ends it.
                while true { _ = try await follower.next(after: id(6), limit: 10) }
            } catch { return .failure(error) }
        }()
        follower.close()
        if case .success = await last { flaws.append("a closed follower goes on") }
        return flaws
    }

    private static func id(_ number: Int) -> ChangeID { ChangeID(ms: UInt64(number), count: 0) }
}
