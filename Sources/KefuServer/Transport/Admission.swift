import KefuSocket
import Synchronization

/// In what order requests wait and are refused when the instance has too many in flight: pages first, then other
/// reading, then new tasks, then events. What ends work or tells about it is never refused.
package enum LoadClass: Int, CaseIterable, Sendable {
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
    private let waiting = Atomic<Int>(0)
    private let listeners = Mutex<[@Sendable () -> Void]>([])
    private let limits: ServerLimits

    init(limits: ServerLimits) { self.limits = limits }

    /// Lets one request in, which must ``leave()``; false when there are too many. (Event loops that ask at the same
    /// moment may let in one too many each.)
    func enter(_ load: LoadClass) -> Bool {
        guard hasRoom(for: load) else { return false }
        requests.add(1, ordering: .sequentiallyConsistent)
        return true
    }

    private func hasRoom(for load: LoadClass) -> Bool {
        guard let share = load.share else { return true }
        return requests.load(ordering: .sequentiallyConsistent) < max(limits.requestsInFlight * share / 100, 1)
            && answerBytes.load(ordering: .sequentiallyConsistent) <= limits.unsentAnswers * share / 100
    }

    /// How many are being answered.
    var inFlight: Int { requests.load(ordering: .relaxed) }

    /// Ends what ``enter(_:)`` has begun, and calls those who listen for room if somebody waits for it.
    func leave() {
        requests.subtract(1, ordering: .sequentiallyConsistent)
        announceRoom()
    }

    private func announceRoom() {
        // Whoever waits is counted before it looks for room once more: one of both sees the other.
        guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return }
        let called = listeners.withLock { listeners in
            defer { listeners = [] }
            return listeners
        }
        for call in called { call() }
    }

    /// How many wait until they can ``enter(_:)``.
    var waitingRequests: Int { waiting.load(ordering: .relaxed) }

    func count(waiting change: Int) { waiting.add(change, ordering: .sequentiallyConsistent) }

    /// Calls once, from any thread, when there may be room.
    func whenRoomComes(_ call: @escaping @Sendable () -> Void) { listeners.withLock { $0.append(call) } }

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

    func release(answerBytes count: Int) {
        guard count > 0 else { return }
        answerBytes.subtract(count, ordering: .sequentiallyConsistent)
        announceRoom()
    }
}

// Messages of WebSocket connections count as bodies do.
extension Admission: SocketBudget {
    func reserve(_ count: Int) -> Bool { reserve(bodyBytes: count) }

    func release(_ count: Int) { release(bodyBytes: count) }
}
