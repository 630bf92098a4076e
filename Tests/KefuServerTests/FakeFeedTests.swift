import TestSupport
import Testing

/// The fake may stand in for the port because it keeps the port's contract.
@Suite(.timeLimit(.minutes(1)))
struct FakeFeedTests {
    @Test func `The fake keeps the contract of the feed`() async throws {
        let feed = FakeFeed()
        #expect(try await FeedContract.flaws(of: feed) { feed.add($0) } == [])
    }
}
