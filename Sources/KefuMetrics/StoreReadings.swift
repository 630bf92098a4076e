import KefuCore
import Metrics

/// What Redis knows of all instances together, as gauges.
struct StoreReadings: Sendable {
    private let up: Meter
    private let instances: Meter
    private let oldestAge: Meter
    private let tasks: [(status: TaskStatus, meter: Meter)]
    private let ready: [(priority: Priority, meter: Meter)]
    private let queues: [(length: @Sendable (StoreStats) -> Int, meter: Meter)]

    init(_ factory: any MetricsFactory) {
        up = Meter(label: "kefu_redis_up", factory: factory)
        instances = Meter(label: "kefu_instances", factory: factory)
        oldestAge = Meter(label: "kefu_ready_oldest_age_seconds", factory: factory)
        tasks = TaskStatus.allCases.map { status in
            (status, Meter(label: "kefu_tasks", dimensions: [("status", status.rawValue)], factory: factory))
        }
        ready = Priority.allCases.map { priority in
            (
                priority,
                Meter(label: "kefu_ready_tasks", dimensions: [("priority", priority.rawValue)], factory: factory)
            )
        }
        let lengths: [(String, @Sendable (StoreStats) -> Int)] = [
            ("armed", { $0.armed }), ("scheduled", { $0.scheduled }), ("retrying", { $0.retrying }),
            ("running", { $0.running }), ("callbacks", { $0.callbacks }), ("callbacks_dead", { $0.callbacksDead }),
        ]
        queues = lengths.map { name, length in
            (length, Meter(label: "kefu_queue_length", dimensions: [("queue", name)], factory: factory))
        }
    }

    /// - Parameter stats: nil when Redis did not answer: then nothing is said of what it holds.
    func show(_ stats: StoreStats?) {
        up.set(stats == nil ? 0 : 1)
        instances.set(stats.map { Double($0.instances.count) } ?? .nan)
        oldestAge.set(stats.map { Double($0.oldestReadyMs ?? 0) / 1000 } ?? .nan)
        for (status, meter) in tasks { meter.set(stats.map { Double($0.byStatus[status] ?? 0) } ?? .nan) }
        for (priority, meter) in ready { meter.set(stats.map { Double($0.ready[priority] ?? 0) } ?? .nan) }
        for (length, meter) in queues { meter.set(stats.map { Double(length($0)) } ?? .nan) }
    }
}
