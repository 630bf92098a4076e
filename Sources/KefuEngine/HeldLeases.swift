import KefuCore
import Synchronization

/// All claims that this instance holds, started or not. Safe from any thread.
final class HeldLeases: Sendable {
    private let tasks = Mutex<[Lease: HeldTask]>([:])

    var count: Int { tasks.withLock { $0.count } }

    var all: [HeldTask] { tasks.withLock { Array($0.values) } }

    /// Those of the leases that are still held.
    func all(of leases: [Lease]) -> [HeldTask] {
        tasks.withLock { tasks in leases.compactMap { tasks[$0] } }
    }

    func insert(_ new: [HeldTask]) {
        tasks.withLock { tasks in
            for held in new { tasks[held.lease] = held }
        }
    }

    func remove(_ lease: Lease) {
        tasks.withLock { _ = $0.removeValue(forKey: lease) }
    }

    /// Marks claims as lost; the answer is those that were still held. They stay until ``remove(_:)``.
    func lose(_ leases: [Lease]) -> [HeldTask] {
        let lost = all(of: leases)
        for held in lost { held.lose() }
        return lost
    }
}
