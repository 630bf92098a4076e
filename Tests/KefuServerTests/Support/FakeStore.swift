import KefuCore
import Synchronization

/// A store whose answers a test writes down: here the contract of HTTP is the subject, not the store's.
/// What is not written down answers as a store does that cannot be reached.
final class FakeStore: TaskStore {
    struct Answers: Sendable {
        var receive: @Sendable (NewTask) async throws(StoreError) -> ReceiveOutcome = { _ throws(StoreError) in
            throw .unavailable("no answer written down")
        }
        var match: @Sendable (CustomerEvent) async throws(StoreError) -> MatchOutcome = { _ throws(StoreError) in
            throw .unavailable("no answer written down")
        }
        var cancel: Result<CancelOutcome, StoreError> = .failure(.unavailable("no answer written down"))
        var change: Result<ChangeOutcome, StoreError> = .failure(.unavailable("no answer written down"))
        var update: Result<UpdateOutcome, StoreError> = .failure(.unavailable("no answer written down"))
        var status: @Sendable (String) throws(StoreError) -> TaskRecord? = { _ throws(StoreError) in
            throw .unavailable("no answer written down")
        }
        var list: Result<TaskPage, StoreError> = .failure(.unavailable("no answer written down"))
        var stats: Result<StoreStats, StoreError> = .failure(.unavailable("no answer written down"))
        var history: Result<History, StoreError> = .failure(.unavailable("no answer written down"))
        var callbacks: Result<CallbackPage, StoreError> = .failure(.unavailable("no answer written down"))
        var replayed: Result<Int, StoreError> = .failure(.unavailable("no answer written down"))
        var ping: @Sendable () async throws(StoreError) -> Void = { () throws(StoreError) in }
    }

    /// What the routes asked for.
    enum Call: Sendable, Equatable {
        case receive(String)
        case match(String)
        case cancel(String, reason: String?)
        case retry(String)
        case fire(String)
        case update(TaskUpdate)
        case status(String)
        case list(ListQuery)
        case history(History.Span)
        case callbacks(CallbackQuery)
        case replay(CallbackSelection)
    }

    private let state: Mutex<(answers: Answers, calls: [Call])>

    init(_ write: (inout Answers) -> Void = { _ in }) {
        var answers = Answers()
        write(&answers)
        state = Mutex((answers, []))
    }

    var calls: [Call] { state.withLock { $0.calls } }

    private func answers(to call: Call?) -> Answers {
        state.withLock { state in
            if let call { state.calls.append(call) }
            return state.answers
        }
    }

    func receive(_ task: NewTask, capacity: Int) async throws(StoreError) -> Handout<ReceiveOutcome> {
        Handout(outcome: try await answers(to: .receive(task.id)).receive(task))
    }

    func receive(_ tasks: [NewTask]) async -> [Result<Handout<ReceiveOutcome>, StoreError>] {
        var results: [Result<Handout<ReceiveOutcome>, StoreError>] = []
        for task in tasks {
            do throws(StoreError) {
                results.append(.success(try await receive(task, capacity: 0)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    func match(_ event: CustomerEvent, capacity: Int) async throws(StoreError) -> Handout<MatchOutcome> {
        Handout(outcome: try await answers(to: .match(event.customerID)).match(event))
    }

    func match(_ events: [CustomerEvent]) async -> [Result<Handout<MatchOutcome>, StoreError>] {
        var results: [Result<Handout<MatchOutcome>, StoreError>] = []
        for event in events {
            do throws(StoreError) {
                results.append(.success(try await match(event, capacity: 0)))
            } catch {
                results.append(.failure(error))
            }
        }
        return results
    }

    func cancel(taskID: String, reason: String?) async throws(StoreError) -> Handout<CancelOutcome> {
        Handout(outcome: try answers(to: .cancel(taskID, reason: reason)).cancel.get())
    }

    func retry(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> {
        Handout(outcome: try answers(to: .retry(taskID)).change.get())
    }

    func fire(taskID: String) async throws(StoreError) -> Handout<ChangeOutcome> {
        Handout(outcome: try answers(to: .fire(taskID)).change.get())
    }

    func update(_ update: TaskUpdate) async throws(StoreError) -> Handout<UpdateOutcome> {
        Handout(outcome: try answers(to: .update(update)).update.get())
    }

    func status(taskID: String) async throws(StoreError) -> TaskRecord? {
        try answers(to: .status(taskID)).status(taskID)
    }

    func list(_ query: ListQuery) async throws(StoreError) -> TaskPage { try answers(to: .list(query)).list.get() }

    func stats() async throws(StoreError) -> StoreStats { try answers(to: nil).stats.get() }

    func history(_ span: History.Span) async throws(StoreError) -> History {
        try answers(to: .history(span)).history.get()
    }

    func callbacks(_ query: CallbackQuery) async throws(StoreError) -> CallbackPage {
        try answers(to: .callbacks(query)).callbacks.get()
    }

    func replayCallbacks(_ selection: CallbackSelection) async throws(StoreError) -> Int {
        try answers(to: .replay(selection)).replayed.get()
    }

    func ping() async throws(StoreError) { try await answers(to: nil).ping() }
}

// What HTTP never asks for.
extension FakeStore {
    func claim(capacity: Int) async throws(StoreError) -> Handout<Void> { Handout(outcome: ()) }

    func renew(_ leases: [Lease]) async throws(StoreError) -> [Lease] { [] }

    func finish(
        _ lease: Lease, attempt: SettledAttempt, capacity: Int, callbackCapacity: Int
    ) async throws(StoreError) -> Handout<FinishOutcome> { Handout(outcome: .stale) }

    func release(_ leases: [(lease: Lease, started: Bool)]) async throws(StoreError) {}

    func sweep(capacity: Int, callbackCapacity: Int) async throws(StoreError) -> Handout<SweepOutcome> {
        Handout(outcome: SweepOutcome())
    }

    func settleCallback(
        _ claim: ClaimedCallback, outcome: CallbackSettlement
    ) async throws(StoreError) -> Handout<Void> { Handout(outcome: ()) }

    func heartbeat(running: Int) async throws(StoreError) {}

    func leave() async throws(StoreError) {}
}

/// Has no place for work.
struct IdleExecutor: ActionExecutor {
    func reserve(atMost most: Int) -> Int { 0 }

    func cancelReservation(_ places: Int) {}

    func take(_ work: Handout<Void>, reserved: Int) {}
}
