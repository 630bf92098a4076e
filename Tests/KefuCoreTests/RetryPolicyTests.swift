import KefuCore
import Testing

@Suite struct RetryPolicyTests {
    @Test("A pause is four times the one before, spread by a fifth, and an hour at most", arguments: 0...40)
    func bounds(_ failures: Int) {
        var random = SystemRandomNumberGenerator()
        let policy = RetryPolicy(base: .seconds(2))
        var middle = 2.0
        for _ in 0..<min(failures, 20) { middle *= 4 }
        for _ in 0..<50 {
            let pause = policy.pause(afterFailures: failures, using: &random) / .seconds(1)
            #expect(pause >= min(middle * 0.8, 3600))
            #expect(pause <= min(middle * 1.2 + 0.001, 3600))
        }
    }

    @Test("Pauses differ, so that tasks which failed together part")
    func jitter() {
        var random = SystemRandomNumberGenerator()
        let pauses = Set((0..<100).map { _ in RetryPolicy().pause(afterFailures: 3, using: &random) })
        #expect(pauses.count > 50)
    }

    @Test("What the peer asks for is heeded up to an hour, and never shortens a pause")
    func retryAfter() {
        var random = SystemRandomNumberGenerator()
        let policy = RetryPolicy(base: .seconds(1))
        #expect(policy.pause(afterFailures: 0, retryAfter: .seconds(90), using: &random) == .seconds(90))
        #expect(policy.pause(afterFailures: 0, retryAfter: .seconds(86_400), using: &random) == .seconds(3600))
        #expect(policy.pause(afterFailures: 5, retryAfter: .zero, using: &random) > .seconds(800))
        #expect(policy.pause(afterFailures: -1, retryAfter: .seconds(-5), using: &random) > .zero)
    }
}
