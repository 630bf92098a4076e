import KefuCore

extension RedisTaskStore {
    /// Minutes that one call sums up: so that no call holds Redis for long, a day takes several.
    static let minutesPerCall = 120

    package func history(_ span: History.Span) async throws(StoreError) -> History {
        // So that whoever asks this instance sees what it has just done.
        if !tally.isEmpty { try await writeHeartbeat(running: lastRunning.load(ordering: .relaxed)) }
        var history = History(span: span, points: [])
        var next: Int64?
        while history.points.count < span.points {
            let wanted = min(Self.minutesPerCall / span.stepMinutes, span.points - history.points.count)
            var reader = try await run(historyCall(span, from: next, points: wanted))
            let first = try reader.int()
            for offset in 0..<wanted {
                let minute = first + Int64(offset * span.stepMinutes)
                history.points.append(.init(atMs: minute * 60_000, counts: try reader.counts()))
            }
            next = first + Int64(wanted * span.stepMinutes)
        }
        return history
    }

    private func historyCall(_ span: History.Span, from first: Int64?, points: Int) -> ScriptCall {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .string(first.map { String($0) }), .integer(span.points),
            .integer(span.stepMinutes), .integer(points),
        ]
        arguments += Counter.allCases.map { .string($0.rawValue) }
        return ScriptCall(scripts.history, keys: [keys.counts], arguments: arguments)
    }
}

extension ReplyReader {
    /// One number a counter.
    fileprivate mutating func counts() throws(StoreError) -> [Counter: Int] {
        let sums = try next().array ?? []
        guard sums.count == Counter.allCases.count else { throw .defect("history answered \(sums.count) sums") }
        return Dictionary(uniqueKeysWithValues: zip(Counter.allCases, sums.map { Int($0.integer ?? 0) }))
    }
}
