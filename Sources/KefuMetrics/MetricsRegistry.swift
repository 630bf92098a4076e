import Metrics
import Synchronization

/// Keeps the series of one process for swift-metrics, and shows them to Prometheus.
///
/// Series are made once, when whoever measures is made, and never again: the lock is not on the way of a request.
/// A metric or label that ``MetricFamily/all`` does not list is not kept, so that no package and no caller can make
/// their number grow.
package final class MetricsRegistry: MetricsFactory {
    enum Cell: Sendable {
        case counter(CounterCell)
        case gauge(GaugeCell)
        case histogram(HistogramCell)
    }

    struct Series: Sendable {
        /// `a="b",c="d"`, or empty.
        let labels: String
        let cell: Cell
    }

    let families: [MetricFamily]
    private let series = Mutex<[String: [Series]]>([:])

    package init(_ families: [MetricFamily] = MetricFamily.all) { self.families = families }

    /// All that is known, as Prometheus reads it.
    package var text: String { String(decoding: TextFormat.text(of: self), as: UTF8.self) }

    func series(of family: MetricFamily) -> [Series] { series.withLock { $0[family.name] ?? [] } }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        if case .counter(let cell)? = cell(label, dimensions, make: { _ in .counter(CounterCell()) }) { return cell }
        return NOOPMetricsHandler.instance
    }

    /// Also for a counter that somebody else counts: its value is set.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        if case .gauge(let cell)? = cell(label, dimensions, make: { _ in .gauge(GaugeCell()) }) { return cell }
        return NOOPMetricsHandler.instance
    }

    /// An aggregate of values that are no durations is not kept.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard !aggregate, case .gauge(let cell)? = cell(label, dimensions, make: { _ in .gauge(GaugeCell()) }) else {
            return NOOPMetricsHandler.instance
        }
        return cell
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        let cell = cell(label, dimensions) { family in
            if case .histogram(let bounds) = family.kind { .histogram(HistogramCell(bounds: bounds)) } else { nil }
        }
        if case .histogram(let cell)? = cell { return cell }
        return NOOPMetricsHandler.instance
    }

    // Series live as long as the process.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// The series' cell, made when it is asked for the first time; nil for what is not listed.
    private func cell(
        _ name: String, _ dimensions: [(String, String)], make: (MetricFamily) -> Cell?
    ) -> Cell? {
        guard let family = families.first(where: { $0.name == name }), family.labels == dimensions.map(\.0) else {
            return nil
        }
        let labels = dimensions.map { "\($0.0)=\"\(TextFormat.escaped($0.1))\"" }.joined(separator: ",")
        return series.withLock { series in
            if let known = series[name]?.first(where: { $0.labels == labels }) { return known.cell }
            guard let cell = make(family) else { return nil }
            series[name, default: []].append(Series(labels: labels, cell: cell))
            return cell
        }
    }
}
