import Synchronization

/// In what order requests are refused when the instance has too many in flight: reading first, then new tasks, then
/// events. What ends work or tells about it is never refused.
package enum LoadClass: Sendable {
    case query, task, event, essential

    /// The share of ``ServerLimits/requestsInFlight`` that requests of this class may fill, in percent.
    var share: Int? {
        switch self {
        case .query: 50
        case .task: 90
        case .event: 100
        case .essential: nil
        }
    }
}

/// Counts what one instance has in flight, for all its event loops.
final class Admission: Sendable {
    private let requests = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    private let limits: ServerLimits

    init(limits: ServerLimits) { self.limits = limits }

    /// Lets one request in, which must ``leave()``; false when there are too many.
    func enter(_ load: LoadClass) -> Bool {
        let before = requests.add(1, ordering: .relaxed).oldValue
        guard let share = load.share, before >= max(limits.requestsInFlight * share / 100, 1) else { return true }
        leave()
        return false
    }

    func leave() { requests.subtract(1, ordering: .relaxed) }

    /// Sets aside memory for a body that is about to be read; false when too much is being read already.
    func reserve(bodyBytes count: Int) -> Bool {
        let now = bodyBytes.add(count, ordering: .relaxed).newValue
        guard now > limits.bufferedBodies else { return true }
        release(bodyBytes: count)
        return false
    }

    func release(bodyBytes count: Int) { bodyBytes.subtract(count, ordering: .relaxed) }
}
