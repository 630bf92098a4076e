import KefuCore

/// Compares all that stands in Redis: records, queues, lists, the index, counters, callbacks, instances; and mends it
/// when asked to.
///
/// It walks with `SCAN`, `ZSCAN` and `HSCAN`, and hands what it meets, a few names a call, to a script that compares
/// and mends in one step: what is in motion is never seen half-way, and nothing has to be remembered. Between calls it
/// rests, so that Redis has time for its work. Whatever it has not come to when it ends by an error is as it was.
package struct Inspection: Sendable {
    /// What one call may look at; each takes less than a millisecond of Redis.
    enum Batch {
        static let tasks = 25
        static let others = 100
        /// `COUNT` of the walks.
        static let page = 200
        static let recounted = 100
    }

    package struct Outcome: Sendable, Equatable {
        /// Records looked at; one can be met twice.
        package var tasks = 0
        package var keys = 0
        package var found = 0
        package var mendable = 0
        package var mended = 0
        package var left = 0
        /// Whether `counts` was compared: not when records are not all to be found in `created`, or make no sense.
        package var isCounted = false
        /// Findings that are no more than warnings, among those above.
        package var warnings = 0

        package init() {}

        /// Nothing is wrong that still stands.
        package var isClean: Bool { found - warnings <= mended }
    }

    let client: RedisClient
    let scripts: ScriptLibrary
    let keys: Keys
    package let isRepairing: Bool
    let leaseMs: Int64
    var pace: Pace
    let report: @Sendable (Finding) -> Void
    let progress: @Sendable (Outcome) -> Void
    package internal(set) var outcome = Outcome()
    private var canBeCounted = true

    /// - Parameters:
    ///   - lease: how long a running task that stands nowhere is left to its holder; that of the instances.
    ///   - rest: how many times as long as a call took there is rest behind it.
    ///   - report: called for each disagreement, as soon as it is seen.
    ///   - progress: called now and then.
    package init(
        client: RedisClient, scripts: ScriptLibrary = .production, keys: Keys = Keys(), isRepairing: Bool,
        lease: Duration, rest: Int = 1, report: @escaping @Sendable (Finding) -> Void,
        progress: @escaping @Sendable (Outcome) -> Void = { _ in }
    ) {
        self.client = client
        self.scripts = scripts
        self.keys = keys
        self.isRepairing = isRepairing
        leaseMs = lease.milliseconds
        pace = Pace(rest: rest)
        self.report = report
        self.progress = progress
    }

    /// - Throws: when Redis is away, or refuses a command. What was reported until then holds.
    package mutating func run() async throws(StoreError) {
        let pairs = KeyShape.singles.keys.sorted().map { name in
            InspectedPair(place: KeyShape(name)?.expectation ?? "", name: name)
        }
        // With one of these of another type no script runs.
        guard try await look(.key, pairs).isEmpty else { return }
        try await walkKeys()
        for name in KeyShape.singles.keys.sorted() where KeyShape.singles[name] == "zset" {
            switch name {
            case "callbacks", "callbacks:dead": try await walk(name, as: .outbox)
            case "instances": try await walk(name, as: .instance)
            default: try await walk(name, as: .member)
            }
        }
        guard canBeCounted else { return }
        try await compareCounts()
        outcome.isCounted = true
    }

    mutating func note(_ finding: Finding) {
        outcome.found += 1
        if finding.isWarning { outcome.warnings += 1 }
        if finding.isMendable { outcome.mendable += 1 }
        switch finding.fate {
        case .found: break
        case .mended: outcome.mended += 1
        case .left: outcome.left += 1
        }
        if finding.fate != .mended, [.impossible, .unlisted, .unreadable].contains(finding.kind) {
            canBeCounted = false
        }
        report(finding)
    }
}

/// Sees to it that half of Redis's time, at least, is not ours.
struct Pace: Sendable {
    /// A timer is not exact enough for less.
    private static let shortest = Duration.milliseconds(2)
    /// What took longer was a busy machine's fault, not the call's.
    private static let longestCounted = Duration.milliseconds(4)

    let rest: Int
    private var owed = Duration.zero

    init(rest: Int) { self.rest = rest }

    /// To be called behind a call that went out at `start`.
    mutating func paid(since start: ContinuousClock.Instant) async {
        owed += min(.now - start, Self.longestCounted) * rest
        guard owed >= Self.shortest else { return }
        // Cancelled: then there is no more rest, and what is under way ends.
        try? await Task.sleep(for: owed)
        owed = .zero
    }
}
