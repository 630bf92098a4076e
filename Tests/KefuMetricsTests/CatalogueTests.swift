import Metrics
import Testing

@testable import KefuMetrics

/// Names, labels and helps of all metrics, as Prometheus advises.
@Suite struct CatalogueTests {
    @Test func `Prometheus has nothing against any of them`() async throws {
        let registry = MetricsRegistry()
        for family in MetricFamily.all {
            let labels = family.labels.map { ($0, "x") }
            switch family.kind {
            case .counter: Counter(label: family.name, dimensions: labels, factory: registry).increment()
            case .gauge: Meter(label: family.name, dimensions: labels, factory: registry).set(1)
            case .histogram:
                Metrics.Timer(label: family.name, dimensions: labels, factory: registry).recordMilliseconds(3)
            }
        }
        let text = String(decoding: TextFormat.text(of: registry), as: UTF8.self)
        for family in MetricFamily.all { #expect(text.contains("# TYPE \(family.name) \(family.kind.word)\n")) }
        try await Promtool.check("check", "metrics", input: text)
    }

    @Test(arguments: MetricFamily.all)
    func `A name says what it is, in base units`(family: MetricFamily) {
        #expect(family.name.wholeMatch(of: /(kefu|process)_[a-z_]+/) != nil)
        #expect(family.name.hasSuffix("_total") == (family.kind == .counter))
        #expect(family.help.hasSuffix("."))
        for unit in ["_ms", "_milliseconds", "_minutes", "_kb", "_mb"] { #expect(!family.name.contains(unit)) }
        if case .histogram(let bounds) = family.kind {
            #expect(family.name.hasSuffix("_seconds"))
            #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count)
            #expect(bounds.count <= HistogramCell.mostBounds)
        }
    }

    @Test func `Labels are few, and none is for an id`() {
        let known: Set = [
            "method", "route", "status", "result", "cause", "error_code", "outcome", "queue", "priority", "version",
        ]
        for family in MetricFamily.all { #expect(Set(family.labels).isSubset(of: known), "\(family.name)") }
        #expect(Set(MetricFamily.all.map(\.name)).count == MetricFamily.all.count)
    }
}
