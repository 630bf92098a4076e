/// How long to wait before the platform is tried again: doubled with each failure, and spread, so that instances and
/// customers of one platform do not return together.
struct ReconnectPause {
    let first: Duration
    let longest: Duration
    private var next: Duration

    init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        next = first
    }

    mutating func failed(using random: inout some RandomNumberGenerator) -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1, using: &random)
    }

    mutating func reset() { next = first }
}
