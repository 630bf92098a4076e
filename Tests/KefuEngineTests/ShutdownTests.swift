import KefuCore
import ServiceLifecycle
import Testing

@testable import KefuEngine

struct ShutdownTests {
    @Test func `running attempts may end within the grace period, and bring no new work`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        try await running(bench.executor) { group in
            bench.hand([bench.task("A")])
            try await eventually { bench.gateway.requests.count == 1 }
            bench.store.change { $0.ready = bench.tasks(3) }
            await group.triggerGracefulShutdown()
            try await eventually { !bench.executor.isOpen }
            bench.gateway.open()
        }
        #expect(bench.store.change { $0.finished.map(\.capacity) } == [0])
        #expect(bench.store.change { $0.released.isEmpty && $0.ready.count == 3 })
    }

    @Test func `what comes back after the shutdown began is handed back at once, not started`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        try await running(bench.executor) { group in
            bench.hand([bench.task("A")])
            try await eventually { bench.gateway.requests.count == 1 }
            let places = bench.executor.reserve(atMost: 2)
            await group.triggerGracefulShutdown()
            try await eventually { !bench.executor.isOpen }
            bench.executor.take(Handout(outcome: (), tasks: [bench.task("late")]), reserved: places)
            try await eventually { bench.store.change { $0.released.count } == 1 }
            bench.gateway.open()
        }
        let released = bench.store.change { $0.released }
        #expect(released.map(\.lease.taskID) == ["late"])
        #expect(released.map(\.started) == [false])
        #expect(bench.gateway.requests.map(\.taskID) == ["A"])
    }

    @Test func `it waits for calls to the store that may still bring claims`() async throws {
        let bench = Bench()
        let places = bench.executor.reserve(atMost: 1)
        try await running(bench.executor) { group in
            await group.triggerGracefulShutdown()
            try await eventually { !bench.executor.isOpen && bench.time.alarms.contains(Bench.grace) }
            bench.executor.take(Handout(outcome: (), tasks: [bench.task("late")]), reserved: places)
        }
        #expect(bench.store.change { $0.released.map(\.lease.taskID) } == ["late"])
        #expect(bench.executor.running == 0)
    }

    @Test func `attempts that outlast the grace period are cut off and handed back as started`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        try await running(bench.executor) { group in
            bench.hand([bench.task("A")])
            try await eventually { bench.gateway.requests.count == 1 }
            await group.triggerGracefulShutdown()
            try await eventually { bench.time.alarms.contains(Bench.grace) }
            bench.time.advance(by: Bench.grace)
        }
        let released = bench.store.change { $0.released }
        #expect(released.map(\.lease.taskID) == ["A"])
        #expect(released.map(\.started) == [true])
        #expect(bench.store.change { $0.finished.isEmpty })
        #expect(!bench.gateway.requests[0].maySend())
        #expect(bench.cutOffs.count == 1)
    }

    @Test func `leases are renewed to the end`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        try await running(bench.executor) { group in
            bench.hand([bench.task("A")])
            try await eventually { bench.gateway.requests.count == 1 }
            await group.triggerGracefulShutdown()
            try await eventually { bench.time.alarms.count == 2 }
            bench.time.advance(by: LeaseTerms(length: Bench.lease).renewInterval)
            try await eventually { bench.store.change { $0.renewals.count } == 1 }
            bench.gateway.open()
        }
    }

    @Test func `the grace period is shared: the second service gets what the first one left`() {
        let time = ManualTime()
        let grace = GracePeriod(length: .seconds(20), time: time.keeper)
        let end = grace.begin()
        time.advance(by: .seconds(5))
        #expect(grace.begin() == end)
    }
}
