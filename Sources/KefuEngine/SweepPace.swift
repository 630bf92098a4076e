import KefuCore

/// When the sweeper looks next. Decides only; see ``Sweeper``.
struct SweepPace {
    /// No sleep is longer: another instance may have taken in something earlier and died before it was due.
    static let longest = Duration.seconds(1)
    /// Redis tells milliseconds; looking earlier would find nothing.
    static let shortest = Duration.milliseconds(1)
    /// The longest pause while something stays due that cannot be moved, for want of places. It bounds what that
    /// costs, and how late everything else may become meanwhile.
    static let longestWhenStuck = Duration.milliseconds(4)

    private var stuck = Duration.zero

    /// The pause after a sweep.
    mutating func pause(after sweep: Handout<SweepOutcome>) -> Duration {
        let isMoreDue = sweep.outcome.hasMore || sweep.nextDueInMs.map { $0 <= 0 } ?? false
        guard isMoreDue, !sweep.madeProgress else {
            stuck = .zero
            if sweep.outcome.hasMore { return .zero }
            guard let due = sweep.nextDueInMs else { return Self.longest }
            return min(max(.milliseconds(due), Self.shortest), Self.longest)
        }
        stuck = min(max(stuck * 2, Self.shortest), Self.longestWhenStuck)
        return stuck
    }

    /// The pause after a sweep that the store did not answer.
    mutating func pauseAfterFailure() -> Duration {
        stuck = .zero
        return RetryPause.random()
    }
}

extension Handout<SweepOutcome> {
    /// Whether something is seen to have moved.
    fileprivate var madeProgress: Bool {
        !tasks.isEmpty || !callbacks.isEmpty || !outcome.timedOut.isEmpty || !outcome.reclaimed.isEmpty
            || !outcome.lost.isEmpty
    }
}
