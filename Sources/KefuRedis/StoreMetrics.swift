import KefuCore
import Metrics

/// What one instance counts of what its store answers; see `MetricFamily` for what each means.
package struct StoreMetrics: Sendable {
    /// Not Core's, which goes out with heartbeats.
    typealias Counter = Metrics.Counter

    let accepted, duplicate, conflict: Counter
    let matched, unmatched, repeated: Counter
    let firedByEvent, firedByTime, firedAtAcceptance, firedByHand: Counter
    let lateness: Timer
    let completed, cancelled: Counter
    private let failed: [ErrorCode: Counter]
    let reclaimed: Counter

    package init(_ factory: any MetricsFactory) {
        func counters(_ name: String, _ label: String) -> (String) -> Counter {
            { Counter(label: name, dimensions: [(label, $0)], factory: factory) }
        }
        let received = counters("kefu_tasks_received_total", "result")
        (accepted, duplicate, conflict) = (received("accepted"), received("duplicate"), received("conflict"))
        let events = counters("kefu_events_total", "result")
        (matched, unmatched, repeated) = (events("matched"), events("unmatched"), events("duplicate"))
        let fires = counters("kefu_fires_total", "cause")
        (firedByEvent, firedByTime) = (fires("event"), fires("time"))
        (firedAtAcceptance, firedByHand) = (fires("acceptance"), fires("manual"))
        lateness = Timer(label: "kefu_time_lateness_seconds", factory: factory)
        completed = Counter(label: "kefu_tasks_completed_total", factory: factory)
        cancelled = Counter(label: "kefu_tasks_cancelled_total", factory: factory)
        let failures = counters("kefu_tasks_failed_total", "error_code")
        let final: [ErrorCode] = [.timeout, .gatewayRejected, .retriesExhausted, .lost]
        failed = Dictionary(uniqueKeysWithValues: final.map { ($0, failures($0.rawValue)) })
        reclaimed = Counter(label: "kefu_leases_reclaimed_total", factory: factory)
    }

    package static let unobserved = StoreMetrics(NOOPMetricsHandler.instance)

    func failed(_ code: ErrorCode, _ number: Int = 1) {
        if number > 0 { failed[code]?.increment(by: number) }
    }

    func swept(_ outcome: SweepOutcome, cancelled count: Int, lateMs: [Int64]) {
        failed(.timeout, outcome.timedOut.count)
        failed(.lost, outcome.lost.count)
        cancelled.increment(by: count)
        reclaimed.increment(by: outcome.reclaimed.count + outcome.lost.count)
        firedByTime.increment(by: lateMs.count)
        for milliseconds in lateMs { lateness.recordMilliseconds(milliseconds) }
    }
}

/// What is measured on the connections themselves.
package struct RedisClientMetrics: Sendable {
    typealias Counter = Metrics.Counter

    /// From handing a command to a connection to its reply.
    let roundTrip: Timer
    let reconnects: Counter

    package init(_ factory: any MetricsFactory) {
        roundTrip = Timer(label: "kefu_redis_round_trip_seconds", factory: factory)
        reconnects = Counter(label: "kefu_redis_reconnects_total", factory: factory)
    }

    package static let unobserved = RedisClientMetrics(NOOPMetricsHandler.instance)

    private init(roundTrip: Timer, reconnects: Counter) {
        self.roundTrip = roundTrip
        self.reconnects = reconnects
    }

    /// For a connection that waits for replicas, too: how long those take is no round trip of Redis.
    var ofConfirmations: RedisClientMetrics {
        RedisClientMetrics(roundTrip: Self.unobserved.roundTrip, reconnects: reconnects)
    }
}
