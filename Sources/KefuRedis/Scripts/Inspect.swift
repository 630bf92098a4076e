// How `inspect` is called: what it is told to look at, and what it says.
import KefuCore

/// A name, and where it was met; `inspect.lua` says what `place` is of each subject.
struct InspectedPair: Sendable, Equatable {
    var place: String
    var name: String
}

/// One disagreement, as the script words it.
struct InspectedRow: Sendable, Equatable {
    var place: String
    var name: String
    var kind: Finding.Kind
    var `is`: String
    var should: String
    var isMendable: Bool
}

extension Inspection {
    enum Subject: String, Sendable, CaseIterable {
        case task, member, entry, attempts, callback, outbox, instance, key
    }

    /// Compares each with all that it must agree with, and mends what can be mended if that is asked for. What makes
    /// the script fail, a key of another type among those it reads, is found by halving and reported.
    func inspect(
        _ subject: Subject, _ pairs: ArraySlice<InspectedPair>
    ) async throws(StoreError) -> [InspectedRow] {
        guard let first = pairs.first else { return [] }
        do {
            return try await compare(subject, pairs)
        } catch .defect(let text) {
            guard pairs.count > 1 else {
                return [
                    InspectedRow(
                        place: first.place, name: first.name, kind: .unreadable, is: text, should: "",
                        isMendable: false)
                ]
            }
            let middle = pairs.startIndex + pairs.count / 2
            return try await inspect(subject, pairs[..<middle]) + inspect(subject, pairs[middle...])
        }
    }

    /// One call.
    func compare(
        _ subject: Subject, _ pairs: ArraySlice<InspectedPair>
    ) async throws(StoreError) -> [InspectedRow] {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(subject.rawValue), .flag(isRepairing), .integer(leaseMs),
        ]
        for pair in pairs { arguments += [.string(pair.place), .string(pair.name)] }
        let reply: RESPValue
        do {
            let script = isRepairing ? scripts.inspect : scripts.look
            reply = try await client.run(script, keys: [keys.created], arguments: arguments)
        } catch { throw StoreError(error) }
        // An array of rows: read as one more array around them.
        var reader = try ReplyReader(reply.error == nil ? .array([reply]) : reply)
        var rows: [InspectedRow] = []
        for var row in try reader.rows() {
            let (place, name, word) = (try row.string(), try row.string(), try row.string())
            guard let kind = Finding.Kind(rawValue: word) else { throw .unavailable("inspect answered \(word)") }
            rows.append(
                InspectedRow(
                    place: place, name: name, kind: kind, is: try row.string(), should: try row.string(),
                    isMendable: try row.int() == 1))
        }
        return rows
    }
}
