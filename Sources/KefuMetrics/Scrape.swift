import KefuCore
import Metrics
import Synchronization

/// Answers a Prometheus: reads the gauges that nobody keeps up to date, then writes everything down.
package final class Scrape: Sendable {
    /// Redis has to answer within this time, or the scrape goes without what it holds: a Prometheus waits ten seconds.
    package static let storeLimit = Duration.seconds(1)

    package typealias Reading = @Sendable () -> Void

    private let registry: MetricsRegistry
    private let store: any TaskStore
    private let storeReadings: StoreReadings
    private let processReadings: ProcessReadings
    private let readings = Mutex<[Reading]>([])

    package init(_ registry: MetricsRegistry, store: any TaskStore, version: String) {
        self.registry = registry
        self.store = store
        storeReadings = StoreReadings(registry)
        processReadings = ProcessReadings(version: version, registry)
    }

    /// Has a gauge set at each scrape from now on.
    ///
    /// - Parameter name: of a metric without labels, in ``MetricFamily/all``.
    package func read(_ name: String, _ value: @escaping @Sendable () -> Int) {
        let meter = Meter(label: name, factory: registry)
        readings.withLock { $0.append({ meter.set(value()) }) }
    }

    package func text() async -> [UInt8] {
        storeReadings.show(await stats())
        processReadings.update()
        for reading in readings.withLock({ $0 }) { reading() }
        return TextFormat.text(of: registry)
    }

    /// nil when the store fails or is silent. A late answer is dropped.
    private func stats() async -> StoreStats? {
        let (first, outcome) = AsyncStream.makeStream(of: StoreStats?.self, bufferingPolicy: .bufferingOldest(1))
        let store = store
        Task {
            // That Redis is away is what the answer says then.
            outcome.yield(try? await store.stats())
        }
        let clock = Task {
            // Cancelled when the store was faster; then nobody listens any more.
            try? await Task.sleep(for: Self.storeLimit)
            outcome.yield(nil)
        }
        defer { clock.cancel() }
        return await first.first { _ in true } ?? nil
    }
}
