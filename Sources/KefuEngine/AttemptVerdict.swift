import KefuCore

/// What follows from the gateway's answer to one attempt.
enum AttemptVerdict {
    /// - Parameter retryCount: pauses begun before this attempt.
    /// - Returns: nil when nothing was sent, so that there is nothing to settle.
    static func decide(
        _ report: GatewayReport, retryCount: Int, policy: RetryPolicy, using random: inout some RandomNumberGenerator
    ) -> SettledAttempt? {
        let verdict: SettledAttempt.Verdict
        switch report.answer {
        case .accepted(let resultJSON):
            verdict = .completed(resultJSON: resultJSON)
        case .rejected:
            verdict = .rejected(.gatewayRejected)
        case .failed(let retryAfter):
            let pause = policy.pause(afterFailures: retryCount, retryAfter: retryAfter, using: &random)
            verdict = .retry(.gatewayError, pause: pause)
        case .unreachable:
            verdict = .retry(.gatewayUnreachable, pause: policy.pause(afterFailures: retryCount, using: &random))
        case .notSent:
            return nil
        }
        return SettledAttempt(
            verdict: verdict, error: report.error, httpStatus: report.httpStatus, duration: report.duration)
    }
}
