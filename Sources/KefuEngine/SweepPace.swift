import KefuCore

/// When the sweeper looks next. Decides only; see ``Sweeper``.
struct SweepPace {
    /// No sleep is longer: another instance may have taken in something earlier and died before it was due.
    static let longest = Duration.seconds(1)
    /// Redis tells milliseconds; looking earlier would find nothing.
    static let shortest = Duration.milliseconds(1)
    /// The longest pause while something stays due that cannot be moved, for want of places. It bounds what that
    /// costs, and how late everything else may become meanwhile.
    static let longestWhenStuck = Duration.milliseconds(16)

    private var stuck = Duration.zero

    /// The pause after a sweep.
    mutating func pause(after sweep: Handout<SweepOutcome>) -> Duration {
        if sweep.outcome.hasMore {
            stuck = .zero
            return .zero
        }
        guard let due = sweep.nextDueInMs, due <= 0, !sweep.madeProgress else {
            stuck = .zero
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
    fileprivate var madeProgress: Bool {
        !tasks.isEmpty || !callbacks.isEmpty || outcome != SweepOutcome()
    }
}
