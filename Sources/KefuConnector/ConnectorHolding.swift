import KefuCore
import KefuSocket
import Synchronization

/// The lease while this instance holds it, by its own clock. Safe from any thread.
final class ConnectorHolding: Sendable {
    let token: Int64
    private let until: Mutex<ContinuousClock.Instant?>

    init(token: Int64, until: ContinuousClock.Instant) {
        self.token = token
        self.until = Mutex(until)
    }

    /// nil once it is lost.
    var end: ContinuousClock.Instant? { until.withLock { $0 } }

    /// Whether no other instance can hold the lease at this moment.
    var isHeld: Bool { end.map { ContinuousClock.now < $0 } ?? false }

    /// A lost lease stays lost.
    func extend(until new: ContinuousClock.Instant) {
        until.withLock { until in
            if let earlier = until { until = max(earlier, new) }
        }
    }

    func lose() { until.withLock { $0 = nil } }
}

/// Applies what the platform sends, in order, for as long as it takes: an event is not acknowledged before Redis has
/// it, and a connection that is up is not given up because Redis is away for a moment. When the lease is lost, or the
/// connection has gone, what Redis did not take is applied no more: it is sent again, to whoever connects next, and
/// must not come behind what follows it there.
struct ConnectorIntake: SocketIntake {
    /// Milliseconds between two tries.
    private static let pause: ClosedRange<Int64> = 50...200

    let intake: TaskIntake
    let holding: ConnectorHolding
    /// Told when Redis takes nothing, and when it does again.
    let stalled: @Sendable (StoreError?) -> Void

    func take(_ events: [CustomerEvent], from peer: SocketPresence) async -> [EventOutcome]? {
        var outcomes = [EventOutcome?](repeating: nil, count: events.count)
        var open = Array(events.indices)
        var isStalled = false
        while true {
            guard holding.isHeld else { return nil }
            var trouble: StoreError?
            for (index, result) in zip(open, await intake.match(open.map { events[$0] })) {
                switch result {
                case .success(let outcome): outcomes[index] = .taken(outcome)
                case .failure(.defect):
                    // Asking again would end the same way, and hold up everybody behind it.
                    outcomes[index] = .notTaken(code: 500, type: "internal", detail: "a defect, see the log")
                case .failure(let error): trouble = error
                }
            }
            open.removeAll { outcomes[$0] != nil }
            if open.isEmpty {
                stalled(nil)
                return outcomes.compactMap(\.self)
            }
            if !isStalled { stalled(trouble) }
            isStalled = true
            guard peer.isThere else { return nil }
            // Nobody cancels it: the connection's end is looked at.
            do { try await Task.sleep(for: .milliseconds(Int64.random(in: Self.pause))) } catch { return nil }
        }
    }
}
