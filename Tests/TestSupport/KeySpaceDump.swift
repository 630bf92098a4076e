import KefuRedis

extension RedisClient {
    /// Every key that begins with `prefix` (no `*?[]\` in it), by the rest of its name: one moment's picture, in one
    /// call.
    package func dump(_ prefix: String) async throws -> [String: KeyImage] {
        try await dump(prefix, naming: [])
    }

    /// As ``dump(_:)``, a thousand keys a call: for key spaces too large for one reply, in which nobody writes.
    package func pagedDump(_ prefix: String, keys: [String]) async throws -> [String: KeyImage] {
        var image: [String: KeyImage] = [:]
        for start in stride(from: 0, to: keys.count, by: 1000) {
            let page = Array(keys[start..<min(start + 1000, keys.count)])
            image.merge(try await dump(prefix, naming: page)) { $1 }
        }
        return image
    }

    /// - Parameter keys: with the prefix; none: all.
    private func dump(_ prefix: String, naming keys: [String]) async throws -> [String: KeyImage] {
        let arguments: [RedisArgument] = ["EVAL", .string(Self.dumpScript), 0, .string(prefix)]
        let reply = try await command(arguments + keys.map { .string($0) })
        if let error = reply.error { throw error }
        var image: [String: KeyImage] = [:]
        for entry in reply.array ?? [] {
            guard let parts = entry.array, parts.count == 4, let key = parts[0].text, let type = parts[1].text else {
                throw RESPError("a dump of another shape")
            }
            image[key] = KeyImage(Self.value(type, parts[3]), expires: parts[2].integer == 1)
        }
        return image
    }

    private static let dumpScript = """
        local dump = {}
        local reads = {
          string = function(key) return { redis.call('GET', key) } end,
          hash = function(key) return redis.call('HGETALL', key) end,
          zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
          list = function(key) return redis.call('LRANGE', key, 0, -1) end,
          set = function(key) return redis.call('SMEMBERS', key) end,
          stream = function(key) return redis.call('XRANGE', key, '-', '+') end,
        }
        local keys = ARGV[2] and { unpack(ARGV, 2) } or redis.call('KEYS', ARGV[1] .. '*')
        for _, key in ipairs(keys) do
          local kind = redis.call('TYPE', key).ok
          local expires = redis.call('PTTL', key) >= 0 and 1 or 0
          -- Nothing: its time was over between two pages.
          if reads[kind] then
            dump[#dump + 1] = { string.sub(key, #ARGV[1] + 1), kind, expires, reads[kind](key) }
          end
        end
        return dump
        """

    private static func value(_ type: String, _ reply: RESPValue) -> KeyImage.Value {
        switch type {
        case "string": .string(reply.array?.first?.text ?? "")
        case "hash": .hash(pairs(reply))
        case "zset": .sortedSet(pairs(reply).mapValues { Double($0) ?? .nan })
        case "list": .list(texts(reply))
        case "set": .set(Set(texts(reply)))
        default:
            .stream(
                (reply.array ?? []).map { entry in
                    let parts = entry.array ?? []
                    return .init(id: parts.first?.text ?? "", fields: pairs(parts.last ?? .null))
                })
        }
    }

    private static func texts(_ reply: RESPValue) -> [String] { (reply.array ?? []).compactMap(\.text) }

    private static func pairs(_ reply: RESPValue) -> [String: String] {
        let texts = texts(reply)
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: texts.count - 1, by: 2) { pairs[texts[index]] = texts[index + 1] }
        return pairs
    }
}
