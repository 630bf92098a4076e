/// The text format of Prometheus, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
enum TextFormat {
    static func text(of registry: MetricsRegistry) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32 * 1024)
        for family in registry.families { write(family, registry.series(of: family), to: &text) }
        return text
    }

    private static func write(_ family: MetricFamily, _ series: [MetricsRegistry.Series], to text: inout [UInt8]) {
        let shown = series.filter { isShown($0.cell, family) }
        guard !shown.isEmpty else { return }
        line("# HELP \(family.name) \(escapedHelp(family.help))", to: &text)
        line("# TYPE \(family.name) \(family.kind.word)", to: &text)
        for series in shown {
            let labels = series.labels.isEmpty ? "" : "{\(series.labels)}"
            switch series.cell {
            case .counter(let cell): line("\(family.name)\(labels) \(cell.value)", to: &text)
            case .gauge(let cell): line("\(family.name)\(labels) \(number(cell.value))", to: &text)
            case .histogram(let cell): write(family.name, series.labels, cell, to: &text)
            }
        }
    }

    private static func isShown(_ cell: MetricsRegistry.Cell, _ family: MetricFamily) -> Bool {
        switch cell {
        case .counter(let cell): !family.isSparse || cell.value > 0
        case .gauge(let cell): !cell.value.isNaN
        case .histogram(let cell): !family.isSparse || cell.reading.counts.contains { $0 > 0 }
        }
    }

    /// The count is the sum of the buckets as they were read, so that it is the last of them whatever goes on.
    private static func write(_ name: String, _ labels: String, _ cell: HistogramCell, to text: inout [UInt8]) {
        let (counts, sum) = cell.reading
        let own = labels.isEmpty ? "" : "{\(labels)}"
        let before = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (bound, count) in zip(cell.bounds, counts) {
            total += count
            line("\(name)_bucket{\(before)le=\"\(number(Double(bound) / 1e9))\"} \(total)", to: &text)
        }
        total += counts.last ?? 0
        line("\(name)_bucket{\(before)le=\"+Inf\"} \(total)", to: &text)
        line("\(name)_sum\(own) \(number(sum))", to: &text)
        line("\(name)_count\(own) \(total)", to: &text)
    }

    private static func line(_ line: String, to text: inout [UInt8]) {
        text.append(contentsOf: line.utf8)
        text.append(UInt8(ascii: "\n"))
    }

    /// Whole numbers without a fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }

    /// A label's value.
    static func escaped(_ value: String) -> String { escapedHelp(value).replacing("\"", with: "\\\"") }

    private static func escapedHelp(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
