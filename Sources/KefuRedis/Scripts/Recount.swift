// How `recount` is called: one pass over all tasks, for one moment.
import KefuCore

/// What `counts` said at one moment, and what the records say of it.
struct Recounting: Sendable, Equatable {
    var counts: [String: Int] = [:]
    /// Fields of `counts` that hold no number.
    var unreadable: [String] = []
    /// Certainly unfinished at the moment.
    var unfinished: [String: Int] = [:]
    /// Tasks of which it cannot be told.
    var unsure: [String: Int] = [:]

    /// By how much a counter may be too high: least and most.
    func excess(_ field: String) -> ClosedRange<Int> {
        let most = counts[field, default: 0] - unfinished[field, default: 0]
        return most - unsure[field, default: 0]...most
    }

    var fields: Set<String> { Set(counts.keys).union(unfinished.keys).union(unsure.keys) }
}

extension Inspection {
    /// What the counters say now; of the records nothing yet.
    mutating func beginRecount() async throws(StoreError) -> (moment: String, Recounting) {
        var reply = try await recount(moment: "", after: ("", ""))
        let moment = try reply.string()
        var recounting = Recounting()
        var counts = try reply.row()
        for (field, value) in counts?.fields() ?? [:] {
            recounting.counts[field] = Int(value)
            if Int(value) == nil { recounting.unreadable.append(field) }
        }
        return (moment, recounting)
    }

    /// Adds what the records say of the moment.
    mutating func recount(_ moment: String, into recounting: inout Recounting) async throws(StoreError) {
        var cursor: (score: String, id: String)? = ("", "")
        while let place = cursor {
            var page = try await recount(moment: moment, after: place)
            _ = try page.string()
            _ = try page.next()
            let (score, id) = (try page.optionalString(), try page.optionalString())
            guard var sums = try page.row() else { throw .defect("recount answered no sums") }
            while !sums.isAtEnd {
                let field = try sums.string()
                recounting.unfinished[field, default: 0] += Int(try sums.int())
                recounting.unsure[field, default: 0] += Int(try sums.int())
            }
            cursor = if let score, let id { (score, id) } else { nil }
            progress(outcome)
        }
    }

    private mutating func recount(
        moment: String, after: (score: String, id: String)
    ) async throws(StoreError) -> ReplyReader {
        let start = ContinuousClock.now
        let reply: RESPValue
        do {
            reply = try await client.run(
                scripts.recount, keys: [keys.created],
                arguments: [
                    .string(keys.prefix), .string(moment), .integer(Batch.recounted), .string(after.score),
                    .string(after.id),
                ])
        } catch { throw StoreError(error) }
        await pace.paid(since: start)
        return try ReplyReader(reply)
    }
}
