import KefuCore
import KefuMetrics
import Testing

@testable import KefuEngine

/// What the engine measures, and what its lines say of traces and requests.
@Suite struct EngineMetricsTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func counts(_ bench: Bench) -> Set<String> {
        Set(
            bench.registry.text.split(separator: "\n").map(String.init).filter { line in
                !line.hasPrefix("#") && !line.hasSuffix(" 0") && !line.contains("_bucket")
            })
    }

    @Test(arguments: [
        (GatewayReport.Answer.accepted(resultJSON: nil), "accepted"), (.rejected, "rejected"),
        (.failed(retryAfter: nil), "failed"), (.unreachable, "unreachable"),
    ])
    func `an attempt is counted by its answer, with its duration`(
        answer: GatewayReport.Answer, outcome: String
    ) async throws {
        let bench = Bench()
        bench.gateway.state.withLock { $0.answer = answer }
        try await running(bench.executor) { _ in
            bench.hand([bench.task("T1")])
            try await eventually { bench.store.change { $0.finished.count } == 1 }
        }
        #expect(
            counts(bench) == [
                "kefu_attempts_total{outcome=\"\(outcome)\"} 1", "kefu_attempt_duration_seconds_sum 0.001",
                "kefu_attempt_duration_seconds_count 1",
            ])
    }

    @Test func `an attempt that must not be sent has no duration`() async throws {
        let bench = Bench()
        var task = bench.task("T1")
        task.heldUntil = bench.time.now
        let late = task
        try await running(bench.executor) { _ in
            bench.hand([late])
            try await eventually { bench.executor.running == 0 && !counts(bench).isEmpty }
        }
        #expect(counts(bench) == [#"kefu_attempts_total{outcome="not_sent"} 1"#])
    }

    @Test func `from the event to its first request, and to no other`() async throws {
        let bench = Bench()
        func task(_ id: String, _ event: String?, attempt: Int = 1) -> ClaimedTask {
            var task = bench.task(id)
            task.attempt = attempt
            task.triggeredAtMs = ManualTime.epochMs - 250
            task.triggerEventJSON = event
            return task
        }
        let tasks = [
            task("event", #"{"at":1,"type":"customer_message"}"#),
            task("again", #"{"at":1,"type":"customer_message"}"#, attempt: 2),
            task("time", #"{"at":1,"type":"time_reach"}"#), task("hand", #"{"at":1,"type":"manual"}"#),
        ]
        try await running(bench.executor) { _ in
            bench.hand(tasks)
            try await eventually { bench.store.change { $0.finished.count } == 4 }
        }
        #expect(counts(bench).contains("kefu_event_to_action_seconds_count 1"))
        #expect(counts(bench).contains("kefu_event_to_action_seconds_sum 0.25"))
    }

    @Test func `a lease that was lost is counted once, whoever notices first`() async throws {
        let bench = Bench(gatewayIsOpen: false)
        bench.store.change {
            $0.lostLeases = [Lease(taskID: "T1", token: "i:T1")]
            $0.finishOutcome = .stale
        }
        try await running(bench.executor) { _ in
            bench.hand([bench.task("T1"), bench.task("T2")])
            try await eventually { bench.gateway.requests.count == 2 && !bench.time.alarms.isEmpty }
            bench.time.advance(by: LeaseTerms(length: Bench.lease).renewInterval)
            try await eventually { counts(bench).contains("kefu_leases_lost_total 1") }
            bench.gateway.open()
            try await eventually { bench.store.change { $0.finished.count } == 2 }
        }
        #expect(counts(bench).contains("kefu_leases_lost_total 2"))
    }

    @Test func `deliveries are counted by how they ended`() async throws {
        for (report, outcome) in [
            (DeliveryReport.delivered, "delivered"), (.failed(error: "e", retryAfter: nil), "failed"),
        ] {
            let bench = Bench(transport: FakeTransport(report))
            try await running(bench.courier) { _ in
                bench.courier.take([Bench.callback("cb_1")], reserved: bench.courier.reserve(atMost: 1))
                try await eventually { bench.store.change { $0.settled.count } == 1 }
            }
            let all = counts(bench)
            #expect(all.contains("kefu_callback_deliveries_total{outcome=\"\(outcome)\"} 1"))
            #expect(all.contains("kefu_callback_delivery_duration_seconds_count 1"))
        }
    }

    @Test func `every line about a task has its trace, and the request that fired it`() async throws {
        let bench = Bench()
        var task = bench.task("T1")
        task.trace = TraceParent(Self.trace)
        task.requestID = "req-1"
        let tasks = [task, bench.task("T2")]
        try await running(bench.executor) { _ in
            bench.hand(tasks)
            try await eventually { bench.store.change { $0.finished.count } == 2 }
        }
        let first = bench.log.all.filter { $0.contains("task_id=T1") }
        #expect(first.count == 2)
        for line in first {
            #expect(line.contains("request_id=req-1"))
            #expect(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736"))
        }
        let second = bench.log.all.filter { $0.contains("task_id=T2") }
        #expect(second.count == 2)
        for line in second { #expect(!line.contains("request_id") && !line.contains("trace_id")) }
    }

    @Test func `the sweeper's lines have traces, too`() async throws {
        let bench = Bench()
        let outcome = SweepOutcome(
            timedOut: ["T1", "T2"], reclaimed: ["T3"], traces: ["T1": try #require(TraceParent(Self.trace))])
        bench.store.change { $0.sweepAnswers = [.success(Handout(outcome: outcome))] }
        let sweeper = Sweeper(
            store: bench.store, executor: bench.executor, courier: bench.courier, alarm: bench.alarm,
            time: bench.time.keeper, logger: bench.log.logger)
        try await running(sweeper) { _ in
            try await eventually { bench.log.all.count == 3 }
        }
        #expect(
            bench.log.all == [
                "任务执行失败 error_code=timeout task_id=T1 trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
                "任务执行失败 error_code=timeout task_id=T2", "任务租约到期，重新排队 task_id=T3",
            ])
    }
}
