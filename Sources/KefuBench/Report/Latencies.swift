import Histogram

/// Latencies in microseconds.
struct Latencies {
    private var histogram = Histogram<UInt32>(
        lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: .three)

    mutating func record(nanoseconds: Int64) {
        histogram.record(UInt64(max(nanoseconds, 0) / 1000))
    }

    func milliseconds(percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    var longestMilliseconds: Double { Double(histogram.max) / 1000 }
}
