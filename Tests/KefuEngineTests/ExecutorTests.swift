import KefuCore
import Testing

@testable import KefuEngine

struct ExecutorTests {
    @Test func `a claimed task is sent once and settled once`() async throws {
        let bench = Bench()
        try await running(bench.executor) { _ in
            bench.hand([bench.task("A")])
            try await eventually { bench.store.change { $0.finished.count } == 1 }
        }
        #expect(bench.gateway.requests.map(\.taskID) == ["A"])
        let finished = bench.store.change { $0.finished }
        #expect(finished.map(\.lease.token) == ["i:A"])
        #expect(finished.map(\.attempt.verdict) == [.completed(resultJSON: nil)])
        #expect(finished.map(\.capacity) == [1])
        #expect(bench.executor.running == 0)
    }

    @Test func `the answer that settles one task brings the next for the same place`() async throws {
        let bench = Bench(capacity: 1)
        bench.store.change { $0.ready = bench.tasks(5) }
        try await running(bench.executor) { _ in
            bench.hand([bench.task("first")])
            try await eventually { bench.store.change { $0.finished.count } == 6 }
        }
        #expect(bench.gateway.requests.map(\.taskID) == ["first", "T0", "T1", "T2", "T3", "T4"])
        #expect(bench.gateway.state.withLock { $0.mostUnderWay } == 1)
    }

    @Test func `a backlog fills all free places, by one claim at a time`() async throws {
        let bench = Bench(capacity: 250, gatewayIsOpen: false)
        bench.store.change { $0.ready = bench.tasks(300) }
        try await running(bench.executor) { _ in
            bench.hand([], hasBacklog: true)
            try await eventually { bench.gateway.requests.count == 250 }
            bench.gateway.open()
            try await eventually { bench.store.change { $0.finished.count } == 300 }
        }
        #expect(bench.gateway.state.withLock { $0.mostUnderWay } == 250)
        #expect(bench.store.change { $0.claims.prefix(3) } == [100, 100, 50])
        #expect(bench.store.change { $0.mostClaimsUnderWay } == 1)
    }

    @Test func `a result that could not be recorded is recorded later, and the action is not sent again`() async throws
    {
        let bench = Bench()
        bench.store.change { $0.finishErrors = [.unavailable("gone"), .outcomeUnknown("cut"), .defect("?")] }
        try await running(bench.executor) { _ in
            bench.hand([bench.task("A")])
            for _ in 0..<3 {
                // The renewal sleeps too; the short pause is the executor's.
                try await eventually { bench.time.alarms.contains { $0 <= .milliseconds(100) } }
                bench.time.advance(by: .milliseconds(100))
            }
            try await eventually { bench.store.change { $0.finished.count } == 1 }
        }
        #expect(bench.gateway.requests.count == 1)
    }

    @Test func `a result is given up once the lease is known to be lost`() async throws {
        let bench = Bench()
        let task = bench.task("A")
        bench.store.change {
            $0.finishErrors = Array(repeating: .unavailable("gone"), count: 10_000)
            $0.lostLeases = [task.lease]
        }
        try await running(bench.executor) { _ in
            bench.hand([task])
            try await eventually {
                bench.time.advance(by: .milliseconds(100))
                return bench.executor.running == 0
            }
        }
        #expect(bench.store.change { $0.finished.isEmpty && $0.released.isEmpty })
    }

    @Test func `nothing is sent and nothing settled once the lease is over`() async throws {
        let bench = Bench()
        let task = bench.task("A")
        bench.time.advance(by: Bench.lease)
        try await running(bench.executor) { _ in
            bench.hand([task])
            try await eventually { bench.executor.running == 0 }
        }
        #expect(bench.gateway.requests.isEmpty)
        #expect(bench.store.change { $0.finished.isEmpty })
    }

    @Test func `a claim whose call failed gives its places back`() async throws {
        let bench = Bench(capacity: 2)
        let places = bench.executor.reserve(atMost: 5)
        #expect(places == 2)
        #expect(bench.executor.reserve(atMost: 1) == 0)
        bench.executor.cancelReservation(places)
        #expect(bench.executor.reserve(atMost: 1) == 1)
    }
}
