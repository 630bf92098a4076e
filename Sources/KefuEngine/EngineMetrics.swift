import KefuCore
import Metrics

/// What the engine measures of attempts, leases and callbacks; see `MetricFamily` for what each means.
package struct EngineMetrics: Sendable {
    typealias Counter = Metrics.Counter

    private let accepted, rejected, failed, unreachable, notSent: Counter
    private let attemptDuration: Timer
    private let eventToAction: Timer
    let leasesLost: Counter
    private let delivered, undelivered: Counter
    private let deliveryDuration: Timer

    package init(_ factory: any MetricsFactory) {
        func attempts(_ outcome: String) -> Counter {
            Counter(label: "kefu_attempts_total", dimensions: [("outcome", outcome)], factory: factory)
        }
        func deliveries(_ outcome: String) -> Counter {
            Counter(label: "kefu_callback_deliveries_total", dimensions: [("outcome", outcome)], factory: factory)
        }
        (accepted, rejected, failed) = (attempts("accepted"), attempts("rejected"), attempts("failed"))
        (unreachable, notSent) = (attempts("unreachable"), attempts("not_sent"))
        attemptDuration = Timer(label: "kefu_attempt_duration_seconds", factory: factory)
        eventToAction = Timer(label: "kefu_event_to_action_seconds", factory: factory)
        leasesLost = Counter(label: "kefu_leases_lost_total", factory: factory)
        (delivered, undelivered) = (deliveries("delivered"), deliveries("failed"))
        deliveryDuration = Timer(label: "kefu_callback_delivery_duration_seconds", factory: factory)
    }

    package static let unobserved = EngineMetrics(NOOPMetricsHandler.instance)

    /// Counts an attempt that has ended.
    func note(_ report: GatewayReport, of held: HeldTask) {
        switch report.answer {
        case .accepted: accepted.increment()
        case .rejected: rejected.increment()
        case .failed: failed.increment()
        case .unreachable: unreachable.increment()
        case .notSent:
            notSent.increment()
            return
        }
        attemptDuration.recordNanoseconds(report.duration.nanoseconds)
        guard held.task.attempt == 1, held.isFiredByEvent, let begun = held.requestBegunMs else { return }
        eventToAction.recordMilliseconds(begun - held.task.triggeredAtMs)
    }

    /// Counts a delivery that has ended.
    func note(_ report: DeliveryReport) {
        switch report.outcome {
        case .delivered: delivered.increment()
        case .failed: undelivered.increment()
        }
        deliveryDuration.recordNanoseconds(report.duration.nanoseconds)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
