/// Exponential backoff with jitter, the same for actions and callbacks.
package struct RetryPolicy: Sendable {
    /// The pause before the first retry, before jitter; 0.05 s – 1 h.
    package var base: Duration

    /// No pause is longer, whoever asked for it.
    package static let longestPause = Duration.seconds(3600)
    /// Each pause is 4 times the one before.
    static let factor = 4.0
    /// Each pause is spread by this share to both sides, so that tasks which failed together do not return together.
    static let jitter = 0.2

    package init(base: Duration = .seconds(2)) { self.base = base }

    /// The pause before the retry that follows `failures` earlier ones (0 for the first).
    ///
    /// - Parameter retryAfter: what the peer asked for; the pause is at least that, up to ``longestPause``.
    package func pause(
        afterFailures failures: Int, retryAfter: Duration? = nil, using random: inout some RandomNumberGenerator
    ) -> Duration {
        var seconds = base / .seconds(1)
        for _ in 0..<min(max(failures, 0), 32) { seconds *= Self.factor }
        seconds *= Double.random(in: (1 - Self.jitter)...(1 + Self.jitter), using: &random)
        let pause = Duration.milliseconds(Int64((min(seconds, Self.longestPause / .seconds(1)) * 1000).rounded(.up)))
        return min(max(pause, retryAfter ?? .zero), Self.longestPause)
    }
}
