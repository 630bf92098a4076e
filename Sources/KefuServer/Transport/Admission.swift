import KefuSocket
import Synchronization

/// In what order requests are refused when the instance has too many in flight: pages first, then other reading, then
/// new tasks, then events. What ends work or tells about it is never refused.
package enum LoadClass: Sendable {
    case page, query, task, event, essential

    /// The share of ``ServerLimits/requestsInFlight`` and of ``ServerLimits/unsentAnswers`` that requests of this
    /// class may fill, in percent.
    var share: Int? {
        switch self {
        case .page: 3
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
    private let answerBytes = Atomic<Int>(0)
    private let limits: ServerLimits

    init(limits: ServerLimits) { self.limits = limits }

    /// Lets one request in, which must ``leave()``; false when there are too many.
    func enter(_ load: LoadClass) -> Bool {
        let before = requests.add(1, ordering: .relaxed).oldValue
        guard let share = load.share else { return true }
        let hasRoom = before < max(limits.requestsInFlight * share / 100, 1)
        let isRead = answerBytes.load(ordering: .relaxed) <= limits.unsentAnswers * share / 100
        if hasRoom, isRead { return true }
        leave()
        return false
    }

    /// How many are being answered.
    var inFlight: Int { requests.load(ordering: .relaxed) }

    func leave() { requests.subtract(1, ordering: .relaxed) }

    /// Sets aside memory for a body that is about to be read; false when too much is being read already.
    func reserve(bodyBytes count: Int) -> Bool {
        let now = bodyBytes.add(count, ordering: .relaxed).newValue
        guard now > limits.bufferedBodies else { return true }
        release(bodyBytes: count)
        return false
    }

    func release(bodyBytes count: Int) { bodyBytes.subtract(count, ordering: .relaxed) }

    /// Counts an answer that its reader does not take; ends with ``release(answerBytes:)``.
    func hold(answerBytes count: Int) { answerBytes.add(count, ordering: .relaxed) }

    func release(answerBytes count: Int) { answerBytes.subtract(count, ordering: .relaxed) }
}

// Messages of WebSocket connections count as bodies do.
extension Admission: SocketBudget {
    func reserve(_ count: Int) -> Bool { reserve(bodyBytes: count) }

    func release(_ count: Int) { release(bodyBytes: count) }
}
