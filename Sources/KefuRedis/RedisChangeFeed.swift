import KefuCore

/// The stream `changes`: the adapter of the `ChangeFeed` port. What is there is read over the connections that all
/// calls share; what is waited for, over one that is made for it.
package struct RedisChangeFeed: ChangeFeed {
    private let client: RedisClient
    private let stream: String

    package init(client: RedisClient, keys: Keys = Keys()) {
        self.client = client
        stream = keys.changes
    }

    package func newest() async throws(StoreError) -> ChangeID {
        let reply: RESPValue
        do {
            reply = try await client.command(.string("XREVRANGE"), .string(stream), "+", "-", "COUNT", 1)
        } catch { throw StoreError(error) }
        return try Entries.changes(reply).first?.id ?? .zero
    }

    package func changes(after id: ChangeID, limit: Int) async throws(StoreError) -> ChangePage {
        let replies = await client.commands([
            ["XRANGE", .string(stream), .string("(\(id)"), "+", "COUNT", .integer(limit)],
            ["XRANGE", .string(stream), "-", "+", "COUNT", 1],
            ["XREVRANGE", .string(stream), "+", "-", "COUNT", 1],
        ])
        var ranges: [[Change]] = []
        for reply in replies {
            switch reply {
            case .success(let reply): ranges.append(try Entries.changes(reply))
            case .failure(let error): throw StoreError(error)
            }
        }
        guard ranges.count == 3 else { throw .defect("three ranges were asked for, \(ranges.count) came") }
        return ChangePage(changes: ranges[0], oldest: ranges[1].first?.id, newest: ranges[2].first?.id)
    }

    package func follow() -> any ChangeFollower {
        RedisChangeFollower(connection: client.waitingConnection(), stream: stream)
    }
}

private struct RedisChangeFollower: ChangeFollower {
    /// How long one call waits in Redis: also how soon a connection that died silently is noticed, more or less.
    private static let wait = Duration.seconds(2)

    let connection: WaitingConnection
    let stream: String

    func next(after id: ChangeID, limit: Int) async throws(StoreError) -> [Change] {
        let reply: RESPValue
        do {
            reply = try await connection.command(
                [
                    "XREAD", "COUNT", .integer(limit), "BLOCK", .integer(Self.wait.milliseconds), "STREAMS",
                    .string(stream), .string("\(id)"),
                ], waiting: Self.wait)
        } catch { throw StoreError(error) }
        if let error = reply.error { throw StoreError(error) }
        guard reply != .null else { return [] }
        guard let entries = reply.array?.first?.array?.last else { throw .defect("XREAD answered no entries") }
        return try Entries.changes(entries)
    }

    func close() { connection.close() }
}

/// Entries of the stream, as the scripts write them.
private enum Entries {
    static func changes(_ reply: RESPValue) throws(StoreError) -> [Change] {
        if let error = reply.error { throw StoreError(error) }
        guard let entries = reply.array else { throw .defect("a range of 'changes' is no array") }
        var changes: [Change] = []
        changes.reserveCapacity(entries.count)
        for entry in entries { changes.append(try change(entry)) }
        return changes
    }

    private static func change(_ entry: RESPValue) throws(StoreError) -> Change {
        guard let parts = entry.array, parts.count == 2, let id = parts[0].text.flatMap({ ChangeID($0) }),
            let line = parts[1].array?.last?.text
        else { throw .defect("an entry of 'changes' without an id") }
        // Bytes: a space and a combining mark behind it are one `Character`.
        let words = line.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard words.count == 6 else {
            // Not of our making. It keeps its place, so that the feed goes on behind it.
            return Change(id: id, taskID: "", status: "", cause: "", atMs: 0, customerID: "", generation: 0)
        }
        return Change(
            id: id, taskID: words[0], status: words[1], cause: words[2], atMs: Int64(words[3]) ?? 0,
            customerID: words[4], generation: Int(words[5]) ?? 0)
    }
}
