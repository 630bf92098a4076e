import KefuRedis

/// Names for the keys of one test.
package enum KeySpace {
    /// A prefix that no other test has, with braces as the product's prefixes have: `kefu:{t5f…}:`.
    package static func fresh() -> String {
        "kefu:{t\(String(UInt64.random(in: .min ... .max), radix: 36))}:"
    }
}

/// What one key holds, in a form to compare and to read.
package struct KeyImage: Sendable, Equatable, CustomStringConvertible {
    package enum Value: Sendable, Equatable {
        case string(String)
        case hash([String: String])
        /// Member to score.
        case sortedSet([String: Double])
        case list([String])
        case set(Set<String>)
        case stream([StreamEntry])
    }

    package struct StreamEntry: Sendable, Equatable {
        package var id: String
        package var fields: [String: String]

        package init(id: String, fields: [String: String]) {
            self.id = id
            self.fields = fields
        }
    }

    package var value: Value
    /// Whether the key has a time to live.
    package var expires: Bool

    package init(_ value: Value, expires: Bool = false) {
        self.value = value
        self.expires = expires
    }

    package var description: String {
        let text =
            switch value {
            case .string(let text): text.debugDescription
            case .hash(let fields): Self.show(fields)
            case .sortedSet(let members): Self.show(members)
            case .list(let elements): "\(elements)"
            case .set(let members): "\(members.sorted())"
            case .stream(let entries): "\(entries.map { "\($0.id) \(Self.show($0.fields))" })"
            }
        return expires ? "\(text) (expires)" : text
    }

    private static func show(_ fields: [String: some Any]) -> String {
        "{\(fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
    }
}

extension PrivateRedis {
    /// Every key that begins with `prefix`, by the rest of its name. Not one moment's picture when somebody writes
    /// at the same time.
    package nonisolated func image(_ prefix: String) async throws -> [String: KeyImage] {
        var image: [String: KeyImage] = [:]
        for key in try await keys(prefix) {
            if let shown = try await keyImage(key) { image[String(key.dropFirst(prefix.count))] = shown }
        }
        return image
    }

    /// Names of all keys that begin with `prefix`, sorted.
    package nonisolated func keys(_ prefix: String) async throws -> [String] {
        let pattern = prefix.map { "*?[]\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "*"
        var found: Set<String> = []
        var cursor = "0"
        repeat {
            let page = try await answer("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
            cursor = page.array?.first?.text ?? "0"
            found.formUnion(Self.texts(page.array?.last ?? .null))
        } while cursor != "0"
        return found.sorted()
    }

    /// nil when there is no such key.
    private nonisolated func keyImage(_ key: String) async throws -> KeyImage? {
        let value: KeyImage.Value
        switch try await answer("TYPE", key).text {
        case "string": value = .string(try await answer("GET", key).text ?? "")
        case "hash": value = .hash(Self.pairs(try await answer("HGETALL", key)))
        case "zset":
            let scores = Self.pairs(try await answer("ZRANGE", key, "0", "-1", "WITHSCORES"))
            value = .sortedSet(scores.mapValues { Double($0) ?? .nan })
        case "list": value = .list(Self.texts(try await answer("LRANGE", key, "0", "-1")))
        case "set": value = .set(Set(Self.texts(try await answer("SMEMBERS", key))))
        case "stream":
            let entries = try await answer("XRANGE", key, "-", "+").array ?? []
            value = .stream(
                entries.map { entry in
                    let parts = entry.array ?? []
                    return .init(id: parts.first?.text ?? "", fields: Self.pairs(parts.last ?? .null))
                })
        default: return nil
        }
        let expires = (try await answer("PTTL", key).integer ?? -1) >= 0
        return KeyImage(value, expires: expires)
    }

    /// - Throws: also an error reply.
    package nonisolated func answer(_ arguments: String...) async throws -> RESPValue {
        let reply = try await admin.command(arguments.map { .string($0) })
        if let error = reply.error { throw error }
        return reply
    }

    private static func texts(_ reply: RESPValue) -> [String] { (reply.array ?? []).compactMap(\.text) }

    private static func pairs(_ reply: RESPValue) -> [String: String] {
        let texts = texts(reply)
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: texts.count - 1, by: 2) { pairs[texts[index]] = texts[index + 1] }
        return pairs
    }
}
