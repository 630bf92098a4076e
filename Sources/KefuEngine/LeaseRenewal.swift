import KefuCore
import Logging
import Metrics

/// Renews what this instance holds, and nothing else: the calls name each lease, so that a claim whose answer was
/// lost runs out. With nothing held there is no call.
struct LeaseRenewal: Sendable {
    /// The most leases that one call names, so that its script stays short.
    static let leasesPerCall = 1000

    let store: any TaskStore
    let held: HeldLeases
    let terms: LeaseTerms
    let time: Timekeeper
    let lost: Metrics.Counter
    let logger: Logger

    /// Runs until its task is cancelled.
    func run() async {
        var episode = FailureEpisode()
        var pause = terms.renewInterval
        while true {
            // Cancelled: the executor has ended, and with it everything that could be renewed.
            do { try await time.sleep(for: pause) } catch { return }
            do {
                try await renewAll()
                pause = terms.renewInterval
                if episode.ends() { logger.notice("租约续期已恢复") }
            } catch {
                pause = min(RetryPause.random(), terms.renewInterval)
                if episode.begins() { logger.warning("租约续期失败", metadata: ["error": "\(error)"]) }
            }
        }
    }

    private func renewAll() async throws(StoreError) {
        let leases = held.all.map(\.lease)
        for start in stride(from: 0, to: leases.count, by: Self.leasesPerCall) {
            try await renew(Array(leases[start..<min(start + Self.leasesPerCall, leases.count)]))
        }
    }

    private func renew(_ leases: [Lease]) async throws(StoreError) {
        let sentAt = time.now()
        let lost = Set(try await store.renew(leases))
        let until = terms.heldUntil(sentAt: sentAt)
        for held in held.all(of: leases) where !lost.contains(held.lease) { held.extend(until: until) }
        for held in held.lose(Array(lost)) {
            self.lost.increment()
            logger.warning("任务租约已失效", metadata: held.logFields)
        }
    }
}

/// The pause before asking a store again that did not answer: spread, so that instances do not return together.
enum RetryPause {
    /// In milliseconds. With the longest pause before a connection is made again it stays below a second.
    static let range: ClosedRange<Int64> = 100...400

    static func random() -> Duration { .milliseconds(Int64.random(in: range)) }
}
