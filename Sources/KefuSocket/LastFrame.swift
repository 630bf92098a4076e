import NIOCore
import Synchronization

/// When a connection's last text frame came, for people. Safe from any thread.
package final class LastFrame: Sendable {
    /// By the event loops' clock, in nanoseconds; 0: none yet.
    private let at = Atomic<UInt64>(0)

    func note(_ time: NIODeadline) { at.store(time.uptimeNanoseconds, ordering: .relaxed) }

    /// How long ago that was; nil: none came yet.
    package var silence: Duration? {
        let time = at.load(ordering: .relaxed)
        return time == 0 ? nil : .nanoseconds((NIODeadline.now() - .uptimeNanoseconds(time)).nanoseconds)
    }
}
