/// The names of all keys of one shard; `lua/README.md` has their table.
package struct Keys: Sendable {
    /// `kefu:{S}:`, the braces around the shard so that all its keys share a Redis Cluster slot.
    package let prefix: String
    package let ready, running, timeouts, created, callbacks, deadCallbacks, counts, instances, fence, changes: String
    package let connector: String

    package init(shard: String = "0") {
        prefix = "kefu:{\(shard)}:"
        ready = prefix + "ready"
        running = prefix + "running"
        timeouts = prefix + "timeouts"
        created = prefix + "created"
        callbacks = prefix + "callbacks"
        deadCallbacks = prefix + "callbacks:dead"
        counts = prefix + "counts"
        instances = prefix + "instances"
        fence = prefix + "fence"
        changes = prefix + "changes"
        connector = prefix + "connector"
    }

    package func task(_ id: String) -> String { prefix + "task:" + Self.escaped(id) }
    package func attempts(_ id: String) -> String { prefix + "attempts:" + Self.escaped(id) }
    package func deliveries(_ id: String) -> String { prefix + "deliveries:" + Self.escaped(id) }
    package func customer(_ id: String) -> String { prefix + "customer:" + Self.escaped(id) }
    package func callback(_ id: String) -> String { prefix + "callback:" + id }

    /// - Parameter entry: `message`, `payment`, `order` or ``custom(_:)``.
    package func armed(customer: String, entry: String) -> String {
        prefix + "armed:" + Self.escaped(customer) + ":" + entry
    }

    package func event(customer: String, id: String) -> String {
        prefix + "event:" + Self.escaped(customer) + ":" + Self.escaped(id)
    }

    /// The index entry of a custom event. Scripts keep such names a line each, and an event's name is any text.
    package static func custom(_ event: String) -> String {
        "custom:" + encoded(event) { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "\n") }
    }

    /// `%` and `:` percent-encoded, so that no two ids can build the same key.
    static func escaped(_ id: String) -> String {
        encoded(id) { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: ":") }
    }

    /// Byte by byte, as the scripts do it: `:` and a combining mark behind it are one `Character`, `\r\n` is another.
    private static func encoded(_ text: String, where isSpecial: (UInt8) -> Bool) -> String {
        guard text.utf8.contains(where: isSpecial) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            switch byte {
            case _ where !isSpecial(byte): bytes.append(byte)
            case UInt8(ascii: "%"): bytes += Array("%25".utf8)
            case UInt8(ascii: ":"): bytes += Array("%3A".utf8)
            default: bytes += Array("%0A".utf8)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
