import Metrics
import Testing

@testable import KefuMetrics

/// What is measured, and how it is written down.
@Suite struct RegistryTests {
    private static let families = [
        MetricFamily("a_total", .counter, labels: ["x", "y"], help: "Say \"a\\b\"\nagain."),
        MetricFamily("b_seconds", .histogram([1_000_000, 2_500_000_000]), labels: ["r"], help: "B."),
        MetricFamily("c_bytes", .gauge, help: "C."),
        MetricFamily("d_total", .counter, labels: ["s"], isSparse: true, help: "D."),
        MetricFamily("e_seconds_total", .counter, help: "E."),
    ]

    private func text(_ registry: MetricsRegistry) -> String {
        String(decoding: TextFormat.text(of: registry), as: UTF8.self)
    }

    @Test func `every kind is written as the text format says`() {
        let registry = MetricsRegistry(Self.families)
        let counter = Counter(label: "a_total", dimensions: [("x", "1"), ("y", "q\"b\\n\n")], factory: registry)
        counter.increment(by: 41)
        counter.increment()
        let timer = Metrics.Timer(label: "b_seconds", dimensions: [("r", "/a/:id")], factory: registry)
        for nanoseconds: Int64 in [-5, 0, 1_000_000, 1_000_001, 2_500_000_000, 2_500_000_001] {
            timer.recordNanoseconds(nanoseconds)
        }
        Meter(label: "c_bytes", factory: registry).set(1.5)
        Meter(label: "e_seconds_total", factory: registry).set(3)
        #expect(
            text(registry) == """
                # HELP a_total Say "a\\\\b"\\nagain.
                # TYPE a_total counter
                a_total{x="1",y="q\\"b\\\\n\\n"} 42
                # HELP b_seconds B.
                # TYPE b_seconds histogram
                b_seconds_bucket{r="/a/:id",le="0.001"} 3
                b_seconds_bucket{r="/a/:id",le="2.5"} 5
                b_seconds_bucket{r="/a/:id",le="+Inf"} 6
                b_seconds_sum{r="/a/:id"} 5.002000002
                b_seconds_count{r="/a/:id"} 6
                # HELP c_bytes C.
                # TYPE c_bytes gauge
                c_bytes 1.5
                # HELP e_seconds_total E.
                # TYPE e_seconds_total counter
                e_seconds_total 3

                """)
    }

    @Test func `a series is made once, whoever asks for it`() {
        let registry = MetricsRegistry(Self.families)
        for _ in 0..<3 { Counter(label: "d_total", dimensions: [("s", "1")], factory: registry).increment() }
        #expect(text(registry).contains("d_total{s=\"1\"} 3\n"))
        #expect(registry.series(of: Self.families[3]).count == 1)
    }

    @Test func `what is not listed, and labels that are not, are not kept`() {
        let registry = MetricsRegistry(Self.families)
        Counter(label: "unknown_total", factory: registry).increment()
        Counter(label: "d_total", factory: registry).increment()
        Counter(label: "d_total", dimensions: [("id", "TASK_001")], factory: registry).increment()
        Metrics.Timer(label: "a_total", dimensions: [("x", "1"), ("y", "2")], factory: registry).recordSeconds(1)
        Recorder(label: "c_bytes", factory: registry).record(1)
        #expect(text(registry) == "")
    }

    @Test func `a sparse series is shown once something has happened, a gauge while something is known`() {
        let registry = MetricsRegistry(Self.families)
        let counter = Counter(label: "d_total", dimensions: [("s", "1")], factory: registry)
        let meter = Meter(label: "c_bytes", factory: registry)
        #expect(text(registry) == "")
        counter.increment()
        meter.set(7)
        #expect(text(registry).contains("d_total{s=\"1\"} 1\n"))
        #expect(text(registry).contains("c_bytes 7\n"))
        meter.set(Double.nan)
        #expect(!text(registry).contains("c_bytes"))
        meter.increment(by: 2)
        meter.decrement(by: 0.5)
        #expect(text(registry).contains("c_bytes 1.5\n"))
    }

    @Test func `nothing is lost when many measure at once`() async {
        let registry = MetricsRegistry(Self.families)
        let counter = Counter(label: "d_total", dimensions: [("s", "1")], factory: registry)
        let timer = Metrics.Timer(label: "b_seconds", dimensions: [("r", "x")], factory: registry)
        let meter = Meter(label: "c_bytes", factory: registry)
        meter.set(0)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<5_000 {
                        counter.increment()
                        timer.recordMilliseconds(2)
                        meter.increment(by: 1)
                    }
                }
            }
        }
        let text = text(registry)
        for line in ["d_total{s=\"1\"} 40000", "b_seconds_count{r=\"x\"} 40000", "c_bytes 40000"] {
            #expect(text.contains(line + "\n"))
        }
        #expect(text.contains("b_seconds_sum{r=\"x\"} 80\n"))
    }

    @Test(arguments: [
        (0.0, "0"), (1.0, "1"), (-2.0, "-2"), (0.005, "0.005"), (1e-7, "1e-07"), (1e300, "1e+300"),
        (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (123456789.25, "123456789.25"),
    ])
    func `numbers are written so that Prometheus reads them`(value: Double, text: String) {
        #expect(TextFormat.number(value) == text)
    }
}
