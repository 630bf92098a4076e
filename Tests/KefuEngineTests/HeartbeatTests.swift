import Testing

@testable import KefuEngine

struct HeartbeatTests {
    @Test func `it beats at once and in intervals, survives a store that is away, and leaves at the end`() async throws
    {
        let bench = Bench()
        bench.store.change { $0.heartbeatErrors = [.unavailable("gone")] }
        let heartbeat = Heartbeat(
            store: bench.store, running: { 3 }, time: bench.time.keeper, logger: bench.executor.logger)
        try await running(heartbeat) { _ in
            for beat in 1...3 {
                try await eventually { bench.time.alarms.count == 1 }
                // The first finds no store, and does not wait as long.
                #expect((bench.time.alarms[0] < .seconds(1)) == (beat == 1))
                #expect(bench.store.change { $0.heartbeats } == Array(repeating: 3, count: beat))
                #expect(bench.store.change { !$0.hasLeft })
                bench.time.advance(by: Heartbeat.interval)
            }
        }
        #expect(bench.store.change { $0.hasLeft })
    }
}
