/// Every change of a task's state, whichever instance made it, in order. About the last 10,000 are kept.
package protocol ChangeFeed: Sendable {
    /// The id of the newest change; ``ChangeID/zero`` when there has been none.
    func newest() async throws(StoreError) -> ChangeID

    /// What is kept behind a change, oldest first. Answers at once.
    func changes(after id: ChangeID, limit: Int) async throws(StoreError) -> ChangePage

    /// Begins to listen, over a connection that waits. Costs nothing before, and nothing once it was closed.
    func follow() -> any ChangeFollower
}

/// Waits for changes. One call at a time.
package protocol ChangeFollower: Sendable {
    /// What came behind a change, oldest first; waits until there is something, and after a while answers with nothing.
    func next(after id: ChangeID, limit: Int) async throws(StoreError) -> [Change]

    /// Ends at once; a call that waits fails.
    func close()
}

package struct ChangePage: Sendable, Equatable {
    package var changes: [Change]
    /// Read behind `changes`: when it is older than what they were asked after, none is missing.
    package var oldest: ChangeID?
    package var newest: ChangeID?

    package init(changes: [Change], oldest: ChangeID?, newest: ChangeID?) {
        self.changes = changes
        self.oldest = oldest
        self.newest = newest
    }
}

/// One change of a task's state.
package struct Change: Sendable, Equatable {
    package var id: ChangeID
    package var taskID: String
    /// A word of ``TaskStatus``, or of a later version's.
    package var status: String
    /// Why: `triggered`, `claimed`, an error code …
    package var cause: String
    package var atMs: Int64
    package var customerID: String
    package var generation: Int

    package init(
        id: ChangeID, taskID: String, status: String, cause: String, atMs: Int64, customerID: String, generation: Int
    ) {
        self.id = id
        self.taskID = taskID
        self.status = status
        self.cause = cause
        self.atMs = atMs
        self.customerID = customerID
        self.generation = generation
    }
}

/// The place of a change among all of them: `<epoch ms>-<count>`, as Redis streams have it.
package struct ChangeID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var ms: UInt64
    package var count: UInt64

    /// Before all changes.
    package static let zero = ChangeID(ms: 0, count: 0)

    package init(ms: UInt64, count: UInt64) {
        self.ms = ms
        self.count = count
    }

    /// Nil for anything but two plain decimal numbers of 64 bits.
    package init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, let ms = Self.number(parts[0]), let count = Self.number(parts[1]) else { return nil }
        self.init(ms: ms, count: count)
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard (1...20).contains(digits.count) else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (tens, isTooMany) = number.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuch) = tens.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
            guard !isTooMany, !isTooMuch else { return nil }
            number = sum
        }
        return number
    }

    package static func < (left: ChangeID, right: ChangeID) -> Bool {
        (left.ms, left.count) < (right.ms, right.count)
    }

    package var description: String { "\(ms)-\(count)" }
}
