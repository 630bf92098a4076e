import KefuCore
import Testing

@testable import KefuEngine

struct SweeperTests {
    private func sweeper(_ bench: Bench) -> Sweeper {
        Sweeper(
            store: bench.store, executor: bench.executor, courier: bench.courier, alarm: bench.alarm,
            time: bench.time.keeper, logger: bench.executor.logger)
    }

    private func sweeps(_ bench: Bench) -> Int { bench.store.change { $0.sweeps.count } }

    private func answer(_ due: Int64?, _ outcome: SweepOutcome = .init()) -> Result<Handout<SweepOutcome>, StoreError> {
        .success(Handout(outcome: outcome, nextDueInMs: due))
    }

    @Test func `it sleeps until the next thing is due, and a second at most`() async throws {
        let bench = Bench()
        bench.store.change { $0.sweepAnswers = [answer(40), answer(5_000), answer(nil)] }
        try await running(sweeper(bench)) { _ in
            for (index, pause) in [Duration.milliseconds(40), .seconds(1), .seconds(1)].enumerated() {
                try await eventually { bench.time.alarms == [pause] }
                #expect(sweeps(bench) == index + 1)
                bench.time.advance(by: pause)
            }
        }
    }

    @Test func `a hint that something is due earlier shortens its sleep`() async throws {
        let bench = Bench()
        try await running(sweeper(bench)) { _ in
            try await eventually { bench.time.alarms == [.seconds(1)] }
            bench.executor.take(Handout(outcome: (), nextDueInMs: 250), reserved: 0)
            try await eventually { bench.time.alarms == [.milliseconds(250)] }
            bench.alarm.wake(inMs: 700)
            bench.alarm.wake(inMs: nil)
            bench.time.advance(by: .milliseconds(249))
            try await eventually { bench.time.alarms == [.milliseconds(1)] }
            #expect(sweeps(bench) == 1)
            bench.time.advance(by: .milliseconds(1))
            try await eventually { sweeps(bench) == 2 }
        }
    }

    @Test func `a full batch is followed by the next one at once`() async throws {
        let bench = Bench()
        bench.store.change {
            $0.sweepAnswers = Array(repeating: answer(0, SweepOutcome(timedOut: ["T"], hasMore: true)), count: 2)
        }
        try await running(sweeper(bench)) { _ in
            try await eventually { sweeps(bench) == 3 && bench.time.alarms == [.seconds(1)] }
        }
    }

    @Test(arguments: [false, true])
    func `what is due but cannot be moved is not looked at without a pause`(isMore: Bool) {
        var pace = SweepPace()
        let stuck = Handout(outcome: SweepOutcome(hasMore: isMore), nextDueInMs: isMore ? nil : 0)
        let pauses = (0..<7).map { _ in pace.pause(after: stuck) }
        #expect(pauses == [1, 2, 4, 4, 4, 4, 4].map { Duration.milliseconds($0) })
        #expect(pace.pause(after: Handout(outcome: SweepOutcome(timedOut: ["T"]), nextDueInMs: 0)) == .milliseconds(1))
        #expect(pace.pause(after: stuck) == .milliseconds(1))
    }

    @Test func `a store that does not answer is asked again within half a second`() async throws {
        let bench = Bench()
        bench.store.change { $0.sweepAnswers = [.failure(.unavailable("gone")), answer(30)] }
        try await running(sweeper(bench)) { _ in
            try await eventually { bench.time.alarms.count == 1 }
            #expect(bench.time.alarms[0] <= .milliseconds(500))
            bench.time.advance(by: .milliseconds(500))
            try await eventually { bench.time.alarms == [.milliseconds(30)] }
        }
        // Reserved places of the failed call are free again.
        #expect(bench.executor.reserve(atMost: 4) == 4)
    }

    @Test func `it claims for free places only and hands on what came`() async throws {
        let bench = Bench(capacity: 3, transport: FakeTransport(.delivered), callbackPlaces: 2)
        let task = bench.task("A")
        bench.store.change {
            $0.sweepAnswers = [
                .success(Handout(outcome: .init(), tasks: [task], callbacks: [Bench.callback("cb")], nextDueInMs: nil))
            ]
        }
        #expect(bench.executor.reserve(atMost: 1) == 1)
        try await running(sweeper(bench)) { _ in
            try await eventually { bench.executor.running == 1 }
        }
        #expect(bench.store.change { $0.sweeps.first?.capacity } == 2)
        #expect(bench.store.change { $0.sweeps.first?.callbackCapacity } == 2)
        #expect(bench.executor.reserve(atMost: 5) == 1)
        #expect(bench.courier.reserve(atMost: 5) == 1)
    }
}
