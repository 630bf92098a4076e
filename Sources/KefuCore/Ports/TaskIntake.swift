/// How tasks and events come in, whatever brought them: calls the store and passes the work that it hands back on
/// to the executor.
package struct TaskIntake: Sendable {
    /// An event rarely fires more. What it leaves behind is claimed by the executor's own calls, but one that finds no
    /// place makes everybody behind it wait in `ready`, which costs Redis a quarter more a task: so none takes places
    /// that it will hardly need.
    package static let claimsPerCall = 1

    private let store: any TaskStore
    private let executor: any ActionExecutor

    package init(store: any TaskStore, executor: any ActionExecutor) {
        self.store = store
        self.executor = executor
    }

    package func receive(_ task: NewTask) async throws(StoreError) -> ReceiveOutcome {
        let places = task.mayFireAtOnce ? executor.reserve(atMost: Self.claimsPerCall) : 0
        return try await handOver(reserved: places) { () async throws(StoreError) in
            var handout = try await store.receive(task, capacity: places)
            handout.attribute { $0 == task.id }
            return handout
        }
    }

    package func receive(_ tasks: [NewTask]) async -> [Result<ReceiveOutcome, StoreError>] {
        handOver(await store.receive(tasks))
    }

    package func match(_ event: CustomerEvent) async throws(StoreError) -> MatchOutcome {
        let places = executor.reserve(atMost: Self.claimsPerCall)
        return try await handOver(reserved: places) { () async throws(StoreError) in
            var handout = try await store.match(event, capacity: places)
            let matched = handout.outcome.matched
            handout.attribute { matched.contains($0) }
            return handout
        }
    }

    package func match(_ events: [CustomerEvent]) async -> [Result<MatchOutcome, StoreError>] {
        handOver(await store.match(events))
    }

    package func cancel(taskID: String, reason: String?) async throws(StoreError) -> CancelOutcome {
        try await handOver { () async throws(StoreError) in try await store.cancel(taskID: taskID, reason: reason) }
    }

    package func retry(taskID: String) async throws(StoreError) -> ChangeOutcome {
        try await handOver { () async throws(StoreError) in try await store.retry(taskID: taskID) }
    }

    package func fire(taskID: String) async throws(StoreError) -> ChangeOutcome {
        try await handOver { () async throws(StoreError) in try await store.fire(taskID: taskID) }
    }

    package func update(_ update: TaskUpdate) async throws(StoreError) -> UpdateOutcome {
        try await handOver { () async throws(StoreError) in try await store.update(update) }
    }

    private func handOver<Outcome>(
        reserved: Int = 0, _ call: () async throws(StoreError) -> Handout<Outcome>
    ) async throws(StoreError) -> Outcome {
        do {
            let handout = try await call()
            executor.take(handout.work, reserved: reserved)
            return handout.outcome
        } catch {
            executor.cancelReservation(reserved)
            throw error
        }
    }

    private func handOver<Outcome>(
        _ results: [Result<Handout<Outcome>, StoreError>]
    ) -> [Result<Outcome, StoreError>] {
        var hints = Handout<Void>(outcome: ())
        let outcomes = results.map { result in
            result.map { handout in
                hints.hasBacklog = hints.hasBacklog || handout.hasBacklog
                hints.nextDueInMs = [hints.nextDueInMs, handout.nextDueInMs].compactMap(\.self).min()
                return handout.outcome
            }
        }
        executor.take(hints, reserved: 0)
        return outcomes
    }
}

extension Handout {
    /// Notes in the tasks that the present request has fired that it was this one: others may have come along.
    fileprivate mutating func attribute(where isFired: (String) -> Bool) {
        guard !tasks.isEmpty, let request = RequestScope.id else { return }
        for index in tasks.indices where isFired(tasks[index].lease.taskID) { tasks[index].requestID = request }
    }
}
