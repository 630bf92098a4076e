/// One metric as Prometheus knows it, and all that may be told about it: what is not listed here is not kept.
package struct MetricFamily: Sendable {
    package enum Kind: Sendable, Equatable {
        case counter
        case gauge
        /// Upper bounds of its buckets in nanoseconds, ascending, at most ``HistogramCell/mostBounds``.
        case histogram([Int64])

        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    /// In base units, as Prometheus advises: `_seconds`, `_bytes`, `_total`.
    package var name: String
    package var kind: Kind
    /// Names of its labels, in order. Their values are words of the program: a caller's texts are never among them.
    package var labels: [String]
    package var help: String
    /// Series of which nothing has happened yet are left out: there would be hundreds.
    var isSparse: Bool

    init(_ name: String, _ kind: Kind, labels: [String] = [], isSparse: Bool = false, help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
        self.isSparse = isSparse
    }

    /// The names under which a Prometheus finds its series.
    package var seriesNames: [String] {
        if case .histogram = kind { ["\(name)_bucket", "\(name)_sum", "\(name)_count"] } else { [name] }
    }
}

/// Bounds of buckets, in nanoseconds.
private enum Bounds {
    static let microsecond: Int64 = 1_000
    static let millisecond: Int64 = 1_000_000

    /// 0.1 ms – 2.5 s: within the machine room.
    static let near: [Int64] = [
        100 * microsecond, 250 * microsecond, 500 * microsecond, millisecond, 2_500 * microsecond, 5 * millisecond,
        10 * millisecond, 25 * millisecond, 50 * millisecond, 100 * millisecond, 250 * millisecond,
        500 * millisecond, 1_000 * millisecond, 2_500 * millisecond,
    ]
    /// 1 ms – 60 s: peers, and what people notice.
    static let far: [Int64] = [
        1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
    ].map { $0 * millisecond }
}

extension MetricFamily {
    /// Every metric of an instance, in the order in which a scrape shows them.
    package static let all: [MetricFamily] = http + tasks + attempts + callbacks + redis + store + process

    private static let http = [
        MetricFamily(
            "kefu_http_requests_total", .counter, labels: ["method", "route", "status"], isSparse: true,
            help: "HTTP requests answered. Route is the path's pattern; other: refused before a route was chosen."),
        MetricFamily(
            "kefu_http_request_duration_seconds", .histogram(Bounds.near), labels: ["method", "route"], isSparse: true,
            help: "Time from a request's first byte to its answer."),
        MetricFamily("kefu_http_requests_in_flight", .gauge, help: "HTTP requests being answered at this moment."),
        MetricFamily("kefu_http_requests_waiting", .gauge, help: "HTTP requests that wait until fewer are in flight."),
    ]

    private static let tasks = [
        MetricFamily(
            "kefu_tasks_received_total", .counter, labels: ["result"],
            help: "Tasks that this instance was sent, by what came of it."),
        MetricFamily(
            "kefu_events_total", .counter, labels: ["result"],
            help: "Events that this instance was sent, by what came of them."),
        MetricFamily(
            "kefu_fires_total", .counter, labels: ["cause"],
            help: "Tasks whose trigger came: event, time, acceptance (a past time, or an event before), by hand."),
        MetricFamily(
            "kefu_time_lateness_seconds", .histogram(Bounds.far),
            help: "How much later than its time a time_reach fired, by the clock of Redis."),
        MetricFamily("kefu_tasks_completed_total", .counter, help: "Tasks whose action was done."),
        MetricFamily("kefu_tasks_failed_total", .counter, labels: ["error_code"], help: "Tasks that failed for good."),
        MetricFamily("kefu_tasks_cancelled_total", .counter, help: "Tasks that were cancelled."),
    ]

    private static let attempts = [
        MetricFamily(
            "kefu_attempts_total", .counter, labels: ["outcome"],
            help: "Attempts at an action, by the gateway's answer."),
        MetricFamily(
            "kefu_attempt_duration_seconds", .histogram(Bounds.far), help: "How long an attempt at the gateway took."),
        MetricFamily(
            "kefu_event_to_action_seconds", .histogram(Bounds.far),
            help: "From the event that fired a task (clock of Redis) to its first request to the gateway (own clock)."),
        MetricFamily("kefu_claims_held", .gauge, help: "Tasks that this instance holds by a lease at this moment."),
        MetricFamily(
            "kefu_leases_lost_total", .counter,
            help: "Leases of this instance that ran out before its attempt was settled."),
        MetricFamily(
            "kefu_leases_reclaimed_total", .counter, help: "Expired leases of any instance that this one put an end to."
        ),
    ]

    private static let callbacks = [
        MetricFamily(
            "kefu_callback_deliveries_total", .counter, labels: ["outcome"],
            help: "Deliveries of callbacks that were tried."),
        MetricFamily(
            "kefu_callback_delivery_duration_seconds", .histogram(Bounds.far), help: "How long a delivery took."),
    ]

    private static let redis = [
        MetricFamily("kefu_redis_up", .gauge, help: "1 when Redis answered this scrape in time, else 0."),
        MetricFamily(
            "kefu_redis_round_trip_seconds", .histogram(Bounds.near),
            help: "From handing a command to a connection to its reply."),
        MetricFamily("kefu_redis_commands_total", .counter, help: "Commands sent to Redis."),
        MetricFamily("kefu_redis_reconnects_total", .counter, help: "Connections to Redis that replaced a lost one."),
    ]

    /// Of all instances together, read from Redis; absent when Redis does not answer.
    private static let store = [
        MetricFamily("kefu_tasks", .gauge, labels: ["status"], help: "Tasks in Redis by status."),
        MetricFamily(
            "kefu_queue_length", .gauge, labels: ["queue"],
            help: "What stands in a queue of Redis; those of ready are apart."),
        MetricFamily(
            "kefu_ready_tasks", .gauge, labels: ["priority"], help: "Tasks that have fired and wait for an instance."),
        MetricFamily(
            "kefu_ready_oldest_age_seconds", .gauge,
            help: "How long the oldest ready task has waited; 0 when none is ready."),
        MetricFamily("kefu_instances", .gauge, help: "Instances that were heard of within a minute."),
    ]

    private static let process = [
        MetricFamily("process_cpu_seconds_total", .counter, help: "CPU time, user and system."),
        MetricFamily("process_resident_memory_bytes", .gauge, help: "Memory in RAM."),
        MetricFamily("process_virtual_memory_bytes", .gauge, help: "Address space."),
        MetricFamily("process_open_fds", .gauge, help: "Open file descriptors."),
        MetricFamily("process_max_fds", .gauge, help: "How many file descriptors may be open."),
        MetricFamily("process_start_time_seconds", .gauge, help: "When the process started, since 1970."),
        MetricFamily("kefu_build_info", .gauge, labels: ["version"], help: "1, for its labels."),
    ]
}
