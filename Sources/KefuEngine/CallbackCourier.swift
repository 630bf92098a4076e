import KefuCore
import Logging
import ServiceLifecycle
import Synchronization

/// Delivers claimed callbacks, several at once, and settles each delivery with the store. What it cannot settle stays
/// in the outbox and is due again when its claim runs out.
package final class CallbackCourier: Service {
    /// Deliveries at once on one instance.
    package static let defaultCapacity = 32

    private let store: any TaskStore
    private let transport: (any CallbackTransport)?
    private let policy: RetryPolicy
    private let alarm: Alarm
    private let grace: GracePeriod
    private let time: Timekeeper
    private let metrics: EngineMetrics
    private let logger: Logger
    private let doorbell = Doorbell()
    private let desk: Mutex<Desk<ClaimedCallback>>

    /// - Parameter transport: nil without a callback URL: then the courier has no places.
    package init(
        store: any TaskStore, transport: (any CallbackTransport)?, policy: RetryPolicy, alarm: Alarm,
        grace: GracePeriod, capacity: Int = CallbackCourier.defaultCapacity, time: Timekeeper = .continuous,
        metrics: EngineMetrics = .unobserved, logger: Logger
    ) {
        self.store = store
        self.transport = transport
        self.policy = policy
        self.alarm = alarm
        self.grace = grace
        self.time = time
        self.metrics = metrics
        self.logger = logger
        desk = Mutex(Desk(capacity: transport == nil ? 0 : capacity, claimsPerCall: 0))
    }

    /// Sets aside up to `most` free places; each must be given to ``take(_:reserved:)`` or
    /// ``cancelReservation(_:)``.
    package func reserve(atMost most: Int) -> Int { desk.withLock { $0.reserve(atMost: most) } }

    package func cancelReservation(_ places: Int) { change { $0.cancelReservation(places) } }

    /// Starts the deliveries and frees the reserved places that they did not need.
    ///
    /// - Parameter mayHaveMore: as many were due as there were places; whoever asked is woken when one is free again.
    package func take(_ callbacks: [ClaimedCallback], reserved: Int, mayHaveMore: Bool = false) {
        guard reserved > 0 || !callbacks.isEmpty else { return }
        change {
            $0.put(callbacks, reserved: reserved)
            if mayHaveMore { $0.noteRefusal() }
        }
    }

    /// A graceful shutdown gives back what was not begun and lets deliveries end within the grace period; those that
    /// are cut off are given back too.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                await serve(&group)
                group.cancelAll()
                if !isEmpty { grace.expire() }
            }
            let rest = desk.withLock { $0.clearQueue() }
            for claim in rest { await settle(claim, .released) }
        } onGracefulShutdown: {
            self.grace.begin()
            self.desk.withLock { $0.close() }
            self.doorbell.ring()
        }
    }

    private func serve(_ group: inout DiscardingTaskGroup) async {
        var isTimed = false
        for await _ in doorbell.rings {
            if !isTimed, !desk.withLock({ $0.isOpen }) {
                isTimed = true
                group.addTask { await self.expireAfterGrace() }
            }
            steps: while true {
                switch desk.withLock({ $0.next() }) {
                case .start(let callbacks):
                    for callback in callbacks { group.addTask { await self.deliver(callback) } }
                case .handBack(let callbacks):
                    for callback in callbacks { group.addTask { await self.settle(callback, .released) } }
                case .claim(let places):
                    desk.withLock { $0.endClaim() }
                    cancelReservation(places)
                case .wait: break steps
                case .done, .abandon: return
                }
            }
        }
    }

    private var isEmpty: Bool { desk.withLock { $0.occupied == 0 } }

    private func expireAfterGrace() async {
        // Cancelled: everything ended in time.
        do { try await time.sleep(grace.begin()) } catch { return }
        change { $0.expire() }
    }

    private func deliver(_ claim: ClaimedCallback) async {
        // Without a transport there are no places, so nothing is claimed; should it be, it goes back.
        guard let transport else { return await settle(claim, .released) }
        let report = await transport.deliver(claim.callback)
        if report.outcome == .delivered || !Task.isCancelled { metrics.note(report) }
        func settlement(_ verdict: CallbackSettlement.Verdict) -> CallbackSettlement {
            CallbackSettlement(verdict, httpStatus: report.httpStatus, duration: report.duration)
        }
        switch report.outcome {
        case .delivered:
            logger.debug("回调成功", metadata: metadata(of: claim))
            await settle(claim, settlement(.delivered))
        case .failed where Task.isCancelled:
            await settle(claim, .released)
        case .failed(let error, let retryAfter):
            var random = SystemRandomNumberGenerator()
            let pause = policy.pause(
                afterFailures: claim.earlierDeliveries, retryAfter: retryAfter, using: &random)
            var metadata = metadata(of: claim)
            metadata["error"] = "\(error)"
            metadata["pause_ms"] = "\(Int64(pause / .milliseconds(1)))"
            logger.warning("回调失败", metadata: metadata)
            await settle(claim, settlement(.failed(error: error, pause: pause)))
        }
    }

    /// Settles a delivery and empties its place, also when the task is cancelled.
    private func settle(_ claim: ClaimedCallback, _ outcome: CallbackSettlement) async {
        if Task.isCancelled {
            await Shield.run { await self.settleNow(claim, outcome) }
        } else {
            await settleNow(claim, outcome)
        }
    }

    private func settleNow(_ claim: ClaimedCallback, _ outcome: CallbackSettlement) async {
        do {
            let handout = try await store.settleCallback(claim, outcome: outcome)
            change {
                $0.leave(wantsClaim: false)
                $0.put(handout.callbacks, reserved: 0)
            }
            alarm.wake(inMs: handout.nextDueInMs)
        } catch {
            // The claim runs out and the callback is delivered once more: at least once is what it promises.
            var metadata = metadata(of: claim)
            metadata["error"] = "\(error)"
            logger.warning("回调结果未能记录，稍后重投", metadata: metadata)
            change { $0.leave(wantsClaim: false) }
        }
    }

    private func metadata(of claim: ClaimedCallback) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "task_id": "\(claim.callback.taskID)", "callback_id": "\(claim.callback.id)",
            "status": "\(claim.callback.status.rawValue)", "delivery": "\(claim.earlierDeliveries + 1)",
        ]
        if let trace = claim.callback.trace { fields["trace_id"] = "\(trace.traceID)" }
        return fields
    }

    private func change(_ body: (inout Desk<ClaimedCallback>) -> Void) {
        let (hasStep, wasShort) = desk.withLock { desk in
            body(&desk)
            return (desk.hasStep, desk.takeRefusal())
        }
        if hasStep { doorbell.ring() }
        // Somebody wanted to claim callbacks while all places were taken: now it can.
        if wasShort { alarm.wake(inMs: 0) }
    }
}
