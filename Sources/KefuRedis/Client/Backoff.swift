import NIOCore

/// Pauses between attempts: each twice the one before, up to a longest, and spread over its upper half so that many
/// instances do not come back in step.
struct Backoff {
    let first: TimeAmount
    let longest: TimeAmount
    private var failures = 0

    init(first: TimeAmount, longest: TimeAmount) {
        self.first = first
        self.longest = longest
    }

    mutating func next(using random: inout some RandomNumberGenerator) -> TimeAmount {
        var pause = first.nanoseconds
        for _ in 0..<failures where pause < longest.nanoseconds { pause *= 2 }
        pause = min(pause, longest.nanoseconds)
        failures += 1
        return .nanoseconds(Int64.random(in: (pause / 2)...pause, using: &random))
    }

    /// What was tried has worked for a while.
    mutating func reset() { failures = 0 }
}
