import KefuCore
import Testing

@testable import KefuEngine

struct LeaseRenewalTests {
    private let interval = LeaseTerms(length: Bench.lease).renewInterval

    @Test func `what is held is renewed by name every third of a lease`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        let tasks = [bench.task("A"), bench.task("B")]
        try await running(bench.executor) { _ in
            bench.hand(tasks)
            try await eventually { bench.gateway.requests.count == 2 }
            for round in 1...4 {
                try await eventually { bench.time.alarms == [interval] }
                bench.time.advance(by: interval)
                try await eventually { bench.store.change { $0.renewals.count } == round }
                #expect(bench.store.change { Set($0.renewals[round - 1]) } == Set(tasks.map(\.lease)))
            }
            // Well past the first lease, and yet a request may begin.
            try await eventually { bench.gateway.requests.allSatisfy { $0.maySend() } }
            bench.gateway.open()
        }
    }

    @Test func `an idle instance renews nothing`() async throws {
        let bench = Bench()
        try await running(bench.executor) { _ in
            for _ in 0..<3 {
                try await eventually { bench.time.alarms == [interval] }
                bench.time.advance(by: interval)
            }
            try await eventually { bench.time.alarms == [interval] }
        }
        #expect(bench.store.change { $0.renewals.isEmpty })
    }

    @Test func `a lease that renewal finds lost may not be used any more`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        let lost = bench.task("lost")
        bench.store.change { $0.lostLeases = [lost.lease] }
        try await running(bench.executor) { _ in
            bench.hand([lost, bench.task("kept")])
            try await eventually { bench.gateway.requests.count == 2 && bench.time.alarms == [interval] }
            bench.time.advance(by: interval)
            try await eventually { bench.time.alarms == [interval] && bench.store.change { !$0.renewals.isEmpty } }
            for request in bench.gateway.requests { #expect(request.maySend() == (request.taskID == "kept")) }
            bench.gateway.open()
        }
    }

    @Test func `without renewal a request may begin until shortly before the lease's end`() async throws {
        let bench = Bench()
        let held = HeldTask(bench.task("A"), time: bench.time.keeper)
        let terms = LeaseTerms(length: Bench.lease)
        bench.time.advance(by: terms.length - terms.margin - .milliseconds(1))
        #expect(held.maySend())
        bench.time.advance(by: .milliseconds(1))
        #expect(!held.maySend())
        held.extend(until: bench.time.now.advanced(by: .seconds(1)))
        #expect(held.maySend())
        held.lose()
        held.extend(until: bench.time.now.advanced(by: .seconds(1)))
        #expect(!held.maySend())
    }

    @Test func `a renewal that failed is tried again soon`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        bench.store.change { $0.renewErrors = [.unavailable("gone")] }
        try await running(bench.executor) { _ in
            bench.hand([bench.task("A")])
            try await eventually { bench.gateway.requests.count == 1 && bench.time.alarms == [interval] }
            bench.time.advance(by: interval)
            try await eventually { bench.time.alarms.contains { $0 <= .milliseconds(500) } }
            bench.time.advance(by: .milliseconds(500))
            try await eventually { bench.store.change { $0.renewals.count } == 2 }
            bench.gateway.open()
        }
    }
}
