import KefuCore
import Testing

@testable import KefuEngine

struct AttemptVerdictTests {
    /// The middle of every random range, so that a pause is exactly base × 4ⁿ.
    struct Middle: RandomNumberGenerator {
        mutating func next() -> UInt64 { UInt64.max / 2 + 1 }
    }

    struct Row: Sendable {
        var answer: GatewayReport.Answer
        var retryCount = 0
        var verdict: SettledAttempt.Verdict?
    }

    static let rows: [Row] = [
        Row(answer: .accepted(resultJSON: "{}"), verdict: .completed(resultJSON: "{}")),
        Row(answer: .accepted(resultJSON: nil), retryCount: 3, verdict: .completed(resultJSON: nil)),
        Row(answer: .rejected, verdict: .rejected(.gatewayRejected)),
        Row(answer: .failed(retryAfter: nil), verdict: .retry(.gatewayError, pause: .seconds(2))),
        Row(answer: .failed(retryAfter: nil), retryCount: 2, verdict: .retry(.gatewayError, pause: .seconds(32))),
        Row(answer: .failed(retryAfter: .seconds(60)), verdict: .retry(.gatewayError, pause: .seconds(60))),
        Row(answer: .failed(retryAfter: .seconds(1)), verdict: .retry(.gatewayError, pause: .seconds(2))),
        Row(
            answer: .failed(retryAfter: .seconds(90_000)),
            verdict: .retry(.gatewayError, pause: RetryPolicy.longestPause)),
        Row(answer: .unreachable, retryCount: 1, verdict: .retry(.gatewayUnreachable, pause: .seconds(8))),
        Row(
            answer: .unreachable, retryCount: 10,
            verdict: .retry(.gatewayUnreachable, pause: RetryPolicy.longestPause)),
        Row(answer: .notSent, verdict: nil),
    ]

    @Test(arguments: rows)
    func `each answer of the gateway has one verdict`(_ row: Row) throws {
        var random = Middle()
        let report = GatewayReport(answer: row.answer, httpStatus: 418, error: "e", duration: .milliseconds(7))
        let settled = AttemptVerdict.decide(
            report, retryCount: row.retryCount, policy: RetryPolicy(base: .seconds(2)), using: &random)
        guard let verdict = row.verdict else { return #expect(settled == nil) }
        let attempt = try #require(settled)
        #expect(attempt.error == "e")
        #expect(attempt.httpStatus == 418)
        #expect(attempt.duration == .milliseconds(7))
        guard case .retry(let code, let pause) = verdict, case .retry(let found, let foundPause) = attempt.verdict
        else { return #expect(attempt.verdict == verdict) }
        #expect(found == code)
        // A pause is rounded up to the next millisecond.
        #expect((pause...(pause + .milliseconds(1))).contains(foundPause))
    }
}
