import Metrics
import Synchronization

// What one series holds. Written by whoever measures, from any thread, without a lock; read at a scrape.

/// Only ever grows.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

/// What was said last; `nan` says that nothing is known, and the series is left out.
final class GaugeCell: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(Double.nan.bitPattern)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func record(_ value: Int64) { set(value) }

    func record(_ value: Double) { set(value) }

    func increment(by amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let before = Double(bitPattern: old)
            let next = ((before.isNaN ? 0 : before) + amount).bitPattern
            let (isDone, now) = bits.compareExchange(expected: old, desired: next, ordering: .relaxed)
            if isDone { return }
            old = now
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }
}

/// Durations, counted in buckets.
final class HistogramCell: TimerHandler {
    static let mostBounds = 19

    /// Upper bounds in nanoseconds, ascending.
    let bounds: [Int64]
    /// One more than bounds are used: the last has what exceeds them all.
    private let counts: InlineArray<20, Atomic<UInt64>>
    private let nanoseconds = Atomic<UInt64>(0)

    init(bounds: [Int64]) {
        precondition(bounds.count <= Self.mostBounds, "a histogram has too many buckets")
        self.bounds = bounds
        counts = InlineArray { _ in Atomic<UInt64>(0) }
    }

    /// A negative duration, which two clocks can make, counts as none.
    func recordNanoseconds(_ duration: Int64) {
        let duration = max(duration, 0)
        var index = 0
        while index < bounds.count, duration > bounds[index] { index += 1 }
        counts[index].wrappingAdd(1, ordering: .relaxed)
        nanoseconds.wrappingAdd(UInt64(duration), ordering: .relaxed)
    }

    /// How many fell into each bucket, and the sum in seconds.
    var reading: (counts: [UInt64], sum: Double) {
        let counts = (0...bounds.count).map { self.counts[$0].load(ordering: .relaxed) }
        return (counts, Double(nanoseconds.load(ordering: .relaxed)) / 1e9)
    }
}
