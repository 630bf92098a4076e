import KefuCore
import Logging
import Synchronization

@testable import KefuEngine

/// A store that holds a queue of ready tasks and records what it was asked; the test says what fails.
final class FakeStore: TaskStore {
    struct State {
        var ready: [ClaimedTask] = []
        var finished: [(lease: Lease, attempt: SettledAttempt, capacity: Int)] = []
        var finishOutcome = FinishOutcome.completed
        /// Thrown by the next calls of `finish`, first one first.
        var finishErrors: [StoreError] = []
        var released: [(lease: Lease, started: Bool)] = []
        var renewals: [[Lease]] = []
        var lostLeases: Set<Lease> = []
        var renewErrors: [StoreError] = []
        var claims: [Int] = []
        var claimsUnderWay = 0
        var mostClaimsUnderWay = 0
        var sweeps: [(capacity: Int, callbackCapacity: Int)] = []
        /// Answers of the next sweeps; nothing due once they are used up.
        var sweepAnswers: [Result<Handout<SweepOutcome>, StoreError>] = []
        var settled: [(id: String, outcome: CallbackSettlement)] = []
        var heartbeats: [Int] = []
        var heartbeatErrors: [StoreError] = []
        var hasLeft = false
    }

    let state = Mutex(State())

    func change<Value: Sendable>(_ body: (inout State) throws -> Value) rethrows -> Value {
        try state.withLock { try body(&$0) }
    }

    private func hand<Outcome>(_ outcome: Outcome, _ capacity: Int, _ state: inout State) -> Handout<Outcome> {
        let tasks = Array(state.ready.prefix(capacity))
        state.ready.removeFirst(tasks.count)
        return Handout(outcome: outcome, tasks: tasks, hasBacklog: !state.ready.isEmpty)
    }

    func claim(capacity: Int) async throws(StoreError) -> Handout<Void> {
        change {
            $0.claims.append(capacity)
            $0.claimsUnderWay += 1
            $0.mostClaimsUnderWay = max($0.mostClaimsUnderWay, $0.claimsUnderWay)
        }
        await Task.yield()
        return change {
            $0.claimsUnderWay -= 1
            return hand((), capacity, &$0)
        }
    }

    func finish(
        _ lease: Lease, attempt: SettledAttempt, capacity: Int, callbackCapacity: Int
    ) async throws(StoreError) -> Handout<FinishOutcome> {
        let answer: Result<Handout<FinishOutcome>, StoreError> = change {
            if !$0.finishErrors.isEmpty { return .failure($0.finishErrors.removeFirst()) }
            $0.finished.append((lease, attempt, capacity))
            return .success(hand($0.finishOutcome, capacity, &$0))
        }
        return try answer.get()
    }

    func release(_ leases: [(lease: Lease, started: Bool)]) async throws(StoreError) {
        change { $0.released += leases }
    }

    func renew(_ leases: [Lease]) async throws(StoreError) -> [Lease] {
        let answer: Result<[Lease], StoreError> = change { state in
            state.renewals.append(leases)
            if !state.renewErrors.isEmpty { return .failure(state.renewErrors.removeFirst()) }
            return .success(leases.filter(state.lostLeases.contains))
        }
        return try answer.get()
    }

    func sweep(capacity: Int, callbackCapacity: Int) async throws(StoreError) -> Handout<SweepOutcome> {
        let answer: Result<Handout<SweepOutcome>, StoreError> = change {
            $0.sweeps.append((capacity, callbackCapacity))
            return $0.sweepAnswers.isEmpty ? .success(Handout(outcome: .init())) : $0.sweepAnswers.removeFirst()
        }
        return try answer.get()
    }

    func settleCallback(
        _ claim: ClaimedCallback, outcome: CallbackSettlement
    ) async throws(StoreError) -> Handout<Void> {
        change { $0.settled.append((claim.callback.id, outcome)) }
        return Handout(outcome: ())
    }

    func heartbeat(running: Int) async throws(StoreError) {
        let answer: Result<Void, StoreError> = change {
            $0.heartbeats.append(running)
            return $0.heartbeatErrors.isEmpty ? .success(()) : .failure($0.heartbeatErrors.removeFirst())
        }
        try answer.get()
    }

    func leave() async throws(StoreError) { change { $0.hasLeft = true } }

    // The engine never calls these.
    private static let unused = StoreError.defect("the engine does not call this")

    func receive(_ task: NewTask, capacity: Int) async throws(StoreError) -> Handout<ReceiveOutcome> {
        throw Self.unused
    }
    func receive(_ tasks: [NewTask]) async -> [Result<Handout<ReceiveOutcome>, StoreError>] { [] }
    func match(_ event: CustomerEvent, capacity: Int) async throws(StoreError) -> Handout<MatchOutcome> {
        throw Self.unused
    }
    func match(_ events: [CustomerEvent]) async -> [Result<Handout<MatchOutcome>, StoreError>] { [] }
    func cancel(taskID: String, reason: String?) async throws(StoreError) -> Handout<CancelOutcome> {
        throw Self.unused
    }
    func retry(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> { throw Self.unused }
    func fire(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> { throw Self.unused }
    func update(_ update: TaskUpdate) async throws(StoreError) -> Handout<UpdateOutcome> { throw Self.unused }
    func history(_ span: History.Span) async throws(StoreError) -> History { throw Self.unused }
    func status(taskID: String) async throws(StoreError) -> TaskRecord? { throw Self.unused }
    func list(_ query: ListQuery) async throws(StoreError) -> TaskPage { throw Self.unused }
    func stats() async throws(StoreError) -> StoreStats { throw Self.unused }
    func callbacks(_ query: CallbackQuery) async throws(StoreError) -> CallbackPage { throw Self.unused }
    func replayCallbacks(_ selection: CallbackSelection) async throws(StoreError) -> Int { throw Self.unused }
    func ping() async throws(StoreError) { throw Self.unused }
}

/// A gateway that answers what the test says, once the test lets it; a cancelled request gets no answer.
final class FakeGateway: MessageGateway {
    struct State {
        var requests: [ActionRequest] = []
        var underWay = 0
        var mostUnderWay = 0
        var answer = GatewayReport.Answer.accepted(resultJSON: nil)
    }

    let state = Mutex(State())
    private let gate: Gate

    init(isOpen: Bool = true) { gate = Gate(isOpen: isOpen) }

    func open() { gate.open() }

    var requests: [ActionRequest] { state.withLock { $0.requests } }

    func send(_ request: ActionRequest) async -> GatewayReport {
        guard request.maySend() else { return GatewayReport(answer: .notSent, duration: .zero) }
        state.withLock {
            $0.requests.append(request)
            $0.underWay += 1
            $0.mostUnderWay = max($0.mostUnderWay, $0.underWay)
        }
        let isOpen = await gate.pass()
        return state.withLock {
            $0.underWay -= 1
            return GatewayReport(answer: isOpen ? $0.answer : .unreachable, error: "e", duration: .milliseconds(1))
        }
    }
}

extension DeliveryReport {
    static let delivered = DeliveryReport(.delivered, httpStatus: 200, duration: .milliseconds(7))

    static func failed(error: String, retryAfter: Duration?) -> DeliveryReport {
        DeliveryReport(.failed(error: error, retryAfter: retryAfter), httpStatus: 500, duration: .milliseconds(7))
    }
}

extension CallbackSettlement {
    /// What the reports above are settled as.
    static let delivered = CallbackSettlement(.delivered, httpStatus: 200, duration: .milliseconds(7))

    static func failed(error: String, pause: Duration) -> CallbackSettlement {
        CallbackSettlement(.failed(error: error, pause: pause), httpStatus: 500, duration: .milliseconds(7))
    }
}

/// A transport whose deliveries end with what the test says, once it lets them.
final class FakeTransport: CallbackTransport {
    let delivered = Mutex<[String]>([])
    let report: DeliveryReport
    private let gate: Gate

    init(_ report: DeliveryReport, isOpen: Bool = true) {
        self.report = report
        gate = Gate(isOpen: isOpen)
    }

    func open() { gate.open() }

    func deliver(_ callback: Callback) async -> DeliveryReport {
        delivered.withLock { $0.append(callback.id) }
        return await gate.pass() ? report : .failed(error: "cancelled", retryAfter: nil)
    }
}

/// Lets everybody through once it is open.
final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
        var tickets = 0
    }

    private let state: Mutex<State>

    init(isOpen: Bool) { state = Mutex(State(isOpen: isOpen)) }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(returning: true) }
    }

    /// False when the task was cancelled while it waited.
    func pass() async -> Bool {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if state.isOpen { return true }
                    if Task.isCancelled { return false }
                    state.waiting[ticket] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume(returning: false)
        }
    }
}
