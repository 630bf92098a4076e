import Synchronization

/// What an answer is worth: so many replicas have it.
package struct ReplicaConfirmation: Sendable {
    /// 1 or more.
    package var replicas: Int
    /// A write of no consequence that goes before each `WAIT`. Since Redis 7.2 `WAIT` covers what its own connection
    /// wrote, and no more: with this in front it also covers what a call has only read, such as a task that another
    /// connection has stored a moment ago.
    package var fence: ScriptCall
    /// How long the replicas have. One round that waits for its turn and one of its own must end within two seconds.
    package var limit = Duration.milliseconds(750)

    package init(replicas: Int, fence: ScriptCall) {
        self.replicas = replicas
        self.fence = fence
    }
}

/// Calls that succeed only when enough replicas have confirmed them.
///
/// `WAIT` holds up everything behind it on its connection. So it has one of its own, and there is one round at a
/// time: the calls that come in meanwhile go together in the next, with one `WAIT` for all. The task of the first of
/// them does the round. A connection that breaks in between has lost all of its round, so what is confirmed was
/// written to the very server that confirms it.
final class ConfirmedCalls: Sendable {
    typealias Results = [Result<RESPValue, RedisClientError>]

    /// So many calls begin no further entry in a round: one batch.
    private static let mostPerRound = 1000
    /// Whoever has waited longer for a turn is refused; nothing was sent.
    private static let longestQueueing = Duration.seconds(1)

    private enum Turn {
        /// Does a round; the first entry is its own.
        case lead([Entry])
        case done(Results)
    }

    private struct Entry {
        var calls: [ScriptCall]
        var since: ContinuousClock.Instant
        var caller: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var isBusy = false
        var waiting: [Entry] = []
    }

    let confirmation: ReplicaConfirmation
    let link: RedisLink
    private let state = Mutex(State())

    init(_ confirmation: ReplicaConfirmation, over link: RedisLink) {
        self.confirmation = confirmation
        self.link = link
    }

    func run(_ calls: [ScriptCall]) async -> Results {
        if calls.isEmpty { return [] }
        let turn = await withCheckedContinuation { caller in
            let entry = Entry(calls: calls, since: .now, caller: caller)
            let isFirst = state.withLock { state in
                if state.isBusy { state.waiting.append(entry) }
                defer { state.isBusy = true }
                return !state.isBusy
            }
            if isFirst { caller.resume(returning: .lead([entry])) }
        }
        switch turn {
        case .done(let results): return results
        case .lead(let round): return await lead(round)
        }
    }

    /// - Returns: the results of the first entry; the others are told theirs.
    private func lead(_ round: [Entry]) async -> Results {
        var results = await send(round.flatMap(\.calls))[...]
        beginNext()
        let own = Array(results.prefix(round[0].calls.count))
        results = results.dropFirst(own.count)
        for entry in round.dropFirst() {
            entry.caller.resume(returning: .done(Array(results.prefix(entry.calls.count))))
            results = results.dropFirst(entry.calls.count)
        }
        return own
    }

    private func beginNext() {
        let now = ContinuousClock.now
        let (round, late) = state.withLock { state -> ([Entry], [Entry]) in
            let late = state.waiting.prefix { $0.since.duration(to: now) > Self.longestQueueing }
            var count = 0
            let round = state.waiting.dropFirst(late.count).prefix { entry in
                defer { count += entry.calls.count }
                return count < Self.mostPerRound
            }
            state.waiting.removeFirst(late.count + round.count)
            state.isBusy = !round.isEmpty
            return (Array(round), Array(late))
        }
        round.first?.caller.resume(returning: .lead(round))
        for entry in late {
            let refusal = RedisClientError.unavailable("the replicas are too slow to confirm")
            entry.caller.resume(returning: .done(entry.calls.map { _ in .failure(refusal) }))
        }
    }

    /// One round: the calls, the fence, `WAIT`; what Redis did not know once more by its text.
    private func send(_ calls: [ScriptCall]) async -> Results {
        var answers = await link.send(calls.map { .evalsha($0) } + ending(.evalsha(confirmation.fence)))
        var results = Array(answers.prefix(calls.count))
        let unknown = results.indices.filter { Self.isUnknown(results[$0]) }
        if !unknown.isEmpty || Self.isUnknown(answers[calls.count]) {
            answers = await link.send(unknown.map { .eval(calls[$0]) } + ending(.eval(confirmation.fence)))
            for (index, answer) in zip(unknown, answers) { results[index] = answer }
        }
        let doubt = Self.doubt(Array(answers.suffix(2)), confirmation.replicas)
        guard let doubt else { return results }
        return results.map { result in
            if case .success(let reply) = result, reply.error == nil { .failure(doubt) } else { result }
        }
    }

    private func ending(_ fence: RESPCommand) -> [RESPCommand] {
        let (seconds, attoseconds) = confirmation.limit.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return [fence, .plain(["WAIT", .integer(confirmation.replicas), .integer(milliseconds)])]
    }

    private static func isUnknown(_ result: Result<RESPValue, RedisClientError>) -> Bool {
        if case .success(.error(let error)) = result { error.has(prefix: "NOSCRIPT") } else { false }
    }

    /// Why a round is not confirmed; nil when it is.
    ///
    /// - Parameter ending: the answers of the fence and of `WAIT`.
    static func doubt(_ ending: Results, _ replicas: Int) -> RedisClientError? {
        switch (ending[0], ending[1]) {
        case (.failure(let error), _), (_, .failure(let error)): return .outcomeUnknown(error.reason)
        case (.success(.error(let error)), _), (_, .success(.error(let error))): return .outcomeUnknown("\(error)")
        case (.success, .success(let reply)):
            let count = reply.integer ?? 0
            return count >= replicas ? nil : .outcomeUnknown("only \(count) of \(replicas) replicas have confirmed")
        }
    }
}
