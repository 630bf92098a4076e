import Metrics
import NIOCore

/// Counts answers by route and status. Every series is made at the start, one for each status that a route could
/// answer with; afterwards a request finds its own by two indices. Safe from any thread.
final class ServerMetrics: Sendable {
    /// Every status that the contract knows; the last stands in for any other.
    private static let statuses = [
        101, 200, 304, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 429, 431, 503, 500,
    ]
    /// From a status to its place in ``statuses``.
    private static let places: [UInt8] = (0..<600).map { status in
        UInt8(statuses.firstIndex(of: status) ?? statuses.count - 1)
    }

    private struct RouteMetrics {
        let answers: [Counter]
        let duration: Timer

        init(method: String, route: String, _ factory: any MetricsFactory) {
            let labels = [("method", method), ("route", route)]
            answers = ServerMetrics.statuses.map { status in
                Counter(
                    label: "kefu_http_requests_total", dimensions: labels + [("status", "\(status)")],
                    factory: factory)
            }
            duration = Timer(label: "kefu_http_request_duration_seconds", dimensions: labels, factory: factory)
        }
    }

    /// By ``Route/index``; behind them what was refused before a route was chosen.
    private let routes: [RouteMetrics]

    init(_ routes: [Route], _ factory: any MetricsFactory) {
        self.routes =
            routes.map { RouteMetrics(method: $0.method.rawValue, route: $0.path, factory) }
            + [RouteMetrics(method: "other", route: "other", factory)]
    }

    /// - Parameter route: nil when none was chosen.
    func answered(_ status: Int, route: Int?, since start: NIODeadline) {
        let metrics = routes[route ?? routes.count - 1]
        let place = Self.places.indices.contains(status) ? Int(Self.places[status]) : Self.statuses.count - 1
        metrics.answers[place].increment()
        metrics.duration.recordNanoseconds((NIODeadline.now() - start).nanoseconds)
    }
}
