/// What a key's name, without the prefix, says that it must be: the key table of `lua/README.md` for programs.
enum KeyShape: Equatable {
    /// Of a task, by its id.
    case task(String), attempts(String), deliveries(String)
    /// The whole name: `customer:…`, `armed:…`.
    case customer(String), armed(String)
    case callback(String)
    case instance(String)
    /// One that stands alone: its type.
    case single(String)
    /// Strings and hashes that go by themselves: their type and seconds to live.
    case passing(String, seconds: Int)

    /// Keys that stand alone, and their types.
    static let singles = [
        "timeouts": "zset", "scheduled": "zset", "ready": "zset", "retrying": "zset", "running": "zset",
        "completed": "zset", "failed": "zset", "cancelled": "zset", "created": "zset", "callbacks": "zset",
        "callbacks:dead": "zset", "instances": "zset", "changes": "stream", "counts": "hash",
        "connector": "hash",
    ]
    /// The first words of all others.
    static let families = [
        "task", "armed", "customer", "attempts", "deliveries", "callback", "event", "recent", "minute", "instance",
    ]
    private static let listened = ["message", "payment", "order"]

    /// nil: no such key is Kefu's.
    init?(_ name: String) {
        if let type = Self.singles[name] {
            self = .single(type)
            return
        }
        if name == "fence" {
            self = .passing("string", seconds: 60)
            return
        }
        let parts = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        // Only the name of a custom event, the fourth part of its entry, may have a line end in it.
        let ids = parts.indices.dropFirst().map { Self.unescaped(parts[$0], isName: parts[0] == "armed" && $0 == 3) }
        guard ids.allSatisfy({ $0?.isEmpty == false }), let first = ids.first, let id = first else { return nil }
        switch (parts[0], ids.count) {
        case ("task", 1): self = .task(id)
        case ("attempts", 1): self = .attempts(id)
        case ("deliveries", 1): self = .deliveries(id)
        case ("customer", 1): self = .customer(name)
        case ("callback", 1): self = .callback(id)
        case ("instance", 1): self = .instance(id)
        case ("armed", 2) where Self.listened.contains(String(parts[2])): self = .armed(name)
        case ("armed", 3) where parts[2] == "custom": self = .armed(name)
        case ("recent", 1): self = .passing("list", seconds: 3602)
        case ("event", 2): self = .passing("string", seconds: 24 * 3600)
        case ("minute", 1) where Int(id) != nil: self = .passing("hash", seconds: 26 * 3600)
        default: return nil
        }
    }

    /// Type and seconds to live, 0 for ever, as `inspect` wants them.
    var expectation: String {
        switch self {
        case .task, .armed, .instance, .callback: "hash 0"
        case .customer: "zset 0"
        case .attempts, .deliveries: "list 0"
        case .single(let type): "\(type) 0"
        case .passing(let type, let seconds): "\(type) \(seconds)"
        }
    }

    /// The id, or name of an event, that stands in a key as `part`; nil when none is written so.
    private static func unescaped(_ part: Substring, isName: Bool) -> String? {
        // Byte by byte, as `Keys.escaped` makes it.
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            if rest.starts(with: Array("3A".utf8)) {
                bytes.append(UInt8(ascii: ":"))
            } else if rest.starts(with: Array("25".utf8)) {
                bytes.append(byte)
            } else if isName, rest.starts(with: Array("0A".utf8)) {
                bytes.append(UInt8(ascii: "\n"))
            } else {
                return nil
            }
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
