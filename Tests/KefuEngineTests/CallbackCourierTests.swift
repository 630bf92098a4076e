import KefuCore
import Testing

@testable import KefuEngine

struct CallbackCourierTests {
    private func settled(_ bench: Bench) -> [String: CallbackSettlement] {
        bench.store.change { Dictionary(uniqueKeysWithValues: $0.settled.map { ($0.id, $0.outcome) }) }
    }

    @Test func `a delivered callback is settled as delivered`() async throws {
        let bench = Bench(transport: FakeTransport(.delivered))
        try await running(bench.courier) { _ in
            let places = bench.courier.reserve(atMost: 2)
            bench.courier.take([Bench.callback("a")], reserved: places)
            try await eventually { settled(bench) == ["a": .delivered] }
        }
        #expect(bench.courier.reserve(atMost: 1) == 0)
    }

    @Test(arguments: [(0, 2.0), (1, 8.0), (3, 128.0), (9, 3600.0)])
    func `each failure is followed by a longer pause`(earlier: Int, seconds: Double) async throws {
        let bench = Bench(transport: FakeTransport(.failed(error: "503", retryAfter: nil)))
        try await running(bench.courier) { _ in
            bench.courier.take([Bench.callback("a", earlierDeliveries: earlier)], reserved: 0)
            try await eventually { !settled(bench).isEmpty }
        }
        guard case .failed("503", let pause)? = settled(bench)["a"]?.verdict else {
            return #expect(Bool(false), "not failed")
        }
        #expect(pause >= .seconds(seconds * 0.8) && pause <= .seconds(min(seconds * 1.2, 3600)) + .milliseconds(1))
    }

    @Test func `the receiver's own Retry-After is honoured`() async throws {
        let bench = Bench(transport: FakeTransport(.failed(error: "429", retryAfter: .seconds(500))))
        try await running(bench.courier) { _ in
            bench.courier.take([Bench.callback("a")], reserved: 0)
            try await eventually { settled(bench) == ["a": .failed(error: "429", pause: .seconds(500))] }
        }
    }

    @Test func `a sweeper that found no place is woken when one is free`() async throws {
        let transport = FakeTransport(.delivered, isOpen: false)
        let bench = Bench(transport: transport, callbackPlaces: 1)
        try await running(bench.courier) { _ in
            bench.courier.take([Bench.callback("a")], reserved: bench.courier.reserve(atMost: 1))
            #expect(bench.courier.reserve(atMost: 1) == 0)
            bench.alarm.reset()
            transport.open()
            // Returns at once when the alarm has been rung.
            await bench.alarm.sleep(until: bench.time.now.advanced(by: .seconds(1)))
            #expect(settled(bench) == ["a": .delivered])
        }
    }

    @Test func `a sweep that filled all free places is followed by another when one is free`() async throws {
        let transport = FakeTransport(.delivered, isOpen: false)
        let bench = Bench(transport: transport, callbackPlaces: 2)
        let sweeper = Sweeper(
            store: bench.store, executor: bench.executor, courier: bench.courier, alarm: bench.alarm,
            time: bench.time.keeper, logger: bench.executor.logger)
        bench.store.change {
            $0.sweepAnswers = [.success(Handout(outcome: .init(), callbacks: ["a", "b"].map { Bench.callback($0) }))]
        }
        try await running(bench.courier) { _ in
            try await running(sweeper) { _ in
                try await eventually { transport.delivered.withLock { $0.count } == 2 }
                try await eventually { bench.store.change { $0.sweeps.count } == 1 && !bench.time.alarms.isEmpty }
                transport.open()
                try await eventually { bench.store.change { $0.sweeps.count } > 1 }
            }
        }
    }

    @Test func `deliveries that outlast the grace period go back to the outbox`() async throws {
        let transport = FakeTransport(.delivered, isOpen: false)
        let bench = Bench(transport: transport, callbackPlaces: 2)
        try await running(bench.courier) { group in
            bench.courier.take([Bench.callback("slow")], reserved: 0)
            try await eventually { transport.delivered.withLock { $0 } == ["slow"] }
            await group.triggerGracefulShutdown()
            try await eventually { bench.time.alarms == [Bench.grace] }
            bench.courier.take([Bench.callback("late")], reserved: 0)
            try await eventually { settled(bench) == ["late": .released] }
            bench.time.advance(by: Bench.grace)
        }
        #expect(settled(bench) == ["late": .released, "slow": .released])
    }

    @Test func `without a callback URL it has no places`() {
        #expect(Bench(transport: nil).courier.reserve(atMost: 5) == 0)
    }
}
