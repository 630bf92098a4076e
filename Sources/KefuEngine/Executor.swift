import KefuCore
import Logging
import ServiceLifecycle
import Synchronization

/// Executes claimed tasks, at most ``Desk/capacity`` at once: one attempt each, settled with the store, whose answer
/// brings the next task for the same place. Keeps the leases of what it holds; at the end it hands everything back,
/// so that nobody has to wait for a lease.
package final class Executor: Service, ActionExecutor {
    /// The most tasks that one call to the store claims.
    static let claimsPerCall = 100

    let store: any TaskStore
    let gateway: any MessageGateway
    let courier: CallbackCourier
    let alarm: Alarm
    let policy: RetryPolicy
    let time: Timekeeper
    let metrics: EngineMetrics
    let logger: Logger
    let held = HeldLeases()
    private let terms: LeaseTerms
    private let grace: GracePeriod
    private let doorbell = Doorbell()
    private let desk: Mutex<Desk<HeldTask>>

    /// - Parameters:
    ///   - capacity: attempts at once, 1–10,000.
    ///   - grace: how long running attempts may go on once a shutdown has begun.
    package init(
        store: any TaskStore, gateway: any MessageGateway, courier: CallbackCourier, alarm: Alarm,
        policy: RetryPolicy, terms: LeaseTerms, capacity: Int, grace: GracePeriod, time: Timekeeper = .continuous,
        metrics: EngineMetrics = .unobserved, logger: Logger
    ) {
        self.store = store
        self.gateway = gateway
        self.courier = courier
        self.alarm = alarm
        self.policy = policy
        self.terms = terms
        self.grace = grace
        self.time = time
        self.metrics = metrics
        self.logger = logger
        desk = Mutex(Desk(capacity: capacity, claimsPerCall: Self.claimsPerCall))
    }

    /// How many claims this instance holds; for the heartbeat.
    package var running: Int { held.count }

    package func reserve(atMost most: Int) -> Int { desk.withLock { $0.reserve(atMost: most) } }

    package func cancelReservation(_ places: Int) {
        guard places > 0 else { return }
        change { $0.cancelReservation(places) }
    }

    package func take(_ work: Handout<Void>, reserved: Int) {
        heedHints(of: work)
        guard reserved > 0 || !work.tasks.isEmpty || work.hasBacklog else { return }
        let tasks = hold(work.tasks)
        change { desk in
            desk.put(tasks, reserved: reserved)
            if work.hasBacklog { desk.noteBacklog() }
        }
    }

    /// While paused nothing is claimed and nothing begun: for a gateway that is not there. What runs, runs on.
    package func pause(_ isPaused: Bool) { change { $0.pause(isPaused) } }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                let renewal = LeaseRenewal(
                    store: store, held: held, terms: terms, time: time, lost: metrics.leasesLost, logger: logger)
                group.addTask { await renewal.run() }
                await serve(&group)
                desk.withLock { $0.close() }
                group.cancelAll()
                if !isEmpty { grace.expire() }
            }
            await handBackRest()
        } onGracefulShutdown: {
            self.grace.begin()
            self.desk.withLock { $0.close() }
            self.doorbell.ring()
        }
    }

    /// Starts what the desk says until it is closed and empty, the grace period is over, or the task is cancelled.
    private func serve(_ group: inout DiscardingTaskGroup) async {
        var isTimed = false
        for await _ in doorbell.rings {
            if !isTimed, !isOpen {
                isTimed = true
                group.addTask { await self.expireAfterGrace() }
            }
            steps: while true {
                switch desk.withLock({ $0.next() }) {
                case .start(let tasks):
                    for task in tasks { group.addTask { await self.occupyPlace(beginningWith: task) } }
                case .handBack(let tasks):
                    group.addTask { await self.handBack(tasks) }
                case .claim(let places):
                    group.addTask { await self.claim(places) }
                case .wait: break steps
                case .done: return
                case .abandon:
                    for task in held.all { task.lose() }
                    return
                }
            }
        }
    }

    var isOpen: Bool { desk.withLock { $0.isOpen } }

    var starts: Bool { desk.withLock { $0.starts } }

    private var isEmpty: Bool { desk.withLock { $0.occupied == 0 } }

    private func expireAfterGrace() async {
        // Cancelled: everything ended in time.
        do { try await time.sleep(grace.begin()) } catch { return }
        change { $0.expire() }
    }

    private func claim(_ places: Int) async {
        do throws(StoreError) {
            let work = try await store.claim(capacity: places)
            desk.withLock { $0.endClaim() }
            take(work, reserved: places)
        } catch {
            // The sweeper asks the same store, reports what is wrong and brings the backlog up again.
            logger.debug("任务认领失败", metadata: ["error": "\(error)"])
            change { desk in
                desk.endClaim()
                desk.cancelReservation(places)
            }
        }
    }
}

// MARK: - Places, as attempts see them

extension Executor {
    func hold(_ tasks: [ClaimedTask]) -> [HeldTask] {
        guard !tasks.isEmpty else { return [] }
        let new = tasks.map { HeldTask($0, time: time) }
        held.insert(new)
        return new
    }

    func heedHints(of work: Handout<Void>) {
        courier.take(work.callbacks, reserved: 0)
        alarm.wake(inMs: work.nextDueInMs)
    }

    /// Gives the place that a settled task leaves to the next one that came with the answer.
    ///
    /// - Returns: nil when the place is empty now.
    func passPlace(to work: Handout<Void>) -> HeldTask? {
        let tasks = hold(work.tasks)
        var next: HeldTask?
        change { desk in
            if work.hasBacklog { desk.noteBacklog() }
            if desk.starts, let first = tasks.first {
                next = first
                desk.put(Array(tasks.dropFirst()), reserved: 0)
            } else {
                desk.leave(wantsClaim: false)
                desk.put(tasks, reserved: 0)
            }
        }
        return next
    }

    /// Empties a place after an attempt that could not be settled: nobody has asked for the next task.
    func abandonPlace() { change { $0.leave(wantsClaim: true) } }

    func emptyPlaces(_ count: Int) {
        change { desk in
            for _ in 0..<count { desk.leave(wantsClaim: false) }
        }
    }

    private func change(_ body: (inout Desk<HeldTask>) -> Void) {
        let hasStep = desk.withLock { desk in
            body(&desk)
            return desk.hasStep
        }
        if hasStep { doorbell.ring() }
    }
}
