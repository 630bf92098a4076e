import Synchronization

/// What calls brought, in order.
final class Seen: Sendable {
    private let values = Mutex<[String?]>([])

    var all: [String?] { values.withLock { $0 } }

    func note(_ value: String?) { values.withLock { $0.append(value) } }
}
