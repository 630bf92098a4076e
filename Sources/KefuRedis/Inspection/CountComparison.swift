import KefuCore

// `counts` against the records, while tasks come and go: the records tell how many were unfinished at the moment at
// which the counters were read. Of those that moved in that very millisecond they do not tell, so a pass says between
// which numbers a counter is wrong; a few passes narrow that down. A counter that is wrong stays wrong by the same
// number, whatever happens to tasks, so the number is subtracted, not the counter set.

extension Inspection {
    /// Passes over all tasks, at most. The first one ends it when all agree.
    static let countingPasses = 3

    mutating func compareCounts() async throws(StoreError) {
        let first = try await pass()
        for field in first.unreadable.sorted() {
            note(
                Finding(
                    subject: "counts", kind: .unreadable, fate: isRepairing ? .left : .found, isMendable: false,
                    detail: "\(field) is no number", remedy: "delete that field, then mend with --repair"))
        }
        var ranges: [String: ClosedRange<Int>?] = [:]
        for field in first.fields { ranges[field] = first.excess(field) }
        for _ in 1..<Self.countingPasses where ranges.values.contains(where: { $0 != 0...0 }) {
            let next = try await pass()
            for field in next.fields.union(ranges.keys) {
                ranges[field] = Self.both(ranges[field] ?? 0...0, next.excess(field))
            }
        }
        for (field, range) in ranges.sorted(by: { $0.key < $1.key }) where !first.unreadable.contains(field) {
            // Not the same number twice, or zero is possible: nothing is known to be wrong.
            guard let range, !range.contains(0) else { continue }
            try await mend(field, range)
        }
    }

    private mutating func pass() async throws(StoreError) -> Recounting {
        var (moment, recounting) = try await beginRecount()
        try await recount(moment, into: &recounting)
        return recounting
    }

    private static func both(_ one: ClosedRange<Int>?, _ other: ClosedRange<Int>) -> ClosedRange<Int>? {
        guard let one, one.overlaps(other) else { return nil }
        return one.clamped(to: other)
    }

    private mutating func mend(_ field: String, _ range: ClosedRange<Int>) async throws(StoreError) {
        // When it is not known exactly, the nearer end is certainly not too much.
        let excess = range.lowerBound > 0 ? range.lowerBound : range.upperBound
        let amount = range.count == 1 ? "\(abs(excess))" : "at least \(abs(excess))"
        let finding = Finding(
            subject: "counts", kind: .counts, fate: isRepairing ? .mended : .found, isMendable: true,
            detail: "\(field) is \(amount) too \(excess > 0 ? "high" : "low")",
            remedy: excess > 0 ? "subtracted \(excess)" : "added \(-excess)")
        if isRepairing {
            let reply: RESPValue
            do {
                reply = try await client.command("HINCRBY", .string(keys.counts), .string(field), .integer(-excess))
            } catch { throw StoreError(error) }
            if let error = reply.error { throw StoreError(error) }
        }
        note(finding)
    }
}
