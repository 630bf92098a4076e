import NIOCore

/// Who waits for which reply of one connection, oldest first. Redis answers in order and exactly once, so the next
/// reply always belongs to the first; nobody ever leaves the middle of the queue, or every later reply would go to
/// the wrong caller.
///
/// Decides without doing: no I/O, no clock.
struct PendingReplies<Waiter> {
    private struct Entry {
        var waiter: Waiter
        var bytes: Int
        var since: NIODeadline
        var deadline: NIODeadline
    }

    /// What the connection's one timer finds.
    enum Watch: Equatable {
        /// The oldest reply is overdue, and nothing else came for as long: the connection must go.
        case overdue
        /// Nothing has been heard for ``RedisClientLimits/idlePing``, and nothing is under way.
        case idle
        /// Nothing to do before this time.
        case sleep(until: NIODeadline)
    }

    private let limits: RedisClientLimits
    private var entries = CircularBuffer<Entry>()
    private var bytes = 0
    /// How many of the newest were not given to the channel yet: Redis cannot know of them.
    private var unsent = 0
    private var lastHeard: NIODeadline

    init(limits: RedisClientLimits, now: NIODeadline) {
        self.limits = limits
        self.lastHeard = now
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Whether so many more commands are within the limits. The bytes of the newcomers are not known yet: one write
    /// may exceed ``RedisClientLimits/pendingBytes``, then nothing is admitted until replies come.
    func hasRoom(for count: Int) -> Bool {
        entries.count + count <= limits.pendingCommands && bytes < limits.pendingBytes
    }

    /// Whether calls that can wait are to be refused, so that what is accepted is answered in time and what ends
    /// work finds room.
    func isCrowded(with count: Int, now: NIODeadline) -> Bool {
        guard entries.count + count <= limits.crowdedCommands, bytes < limits.pendingBytes / 2 else { return true }
        guard entries.count >= limits.crowd, let first = entries.first else { return false }
        return now - first.since > limits.crowdedAge
    }

    /// - Parameter extraTime: on top of ``RedisClientLimits/replyDeadline``. Those behind cannot be answered
    ///   earlier, so they get at least the deadline of the one before them.
    mutating func append(_ waiter: Waiter, bytes: Int, now: NIODeadline, extraTime: TimeAmount = .zero) {
        var deadline = now + limits.replyDeadline + extraTime
        if let last = entries.last { deadline = max(deadline, last.deadline) }
        entries.append(Entry(waiter: waiter, bytes: bytes, since: now, deadline: deadline))
        self.bytes += bytes
        unsent += 1
    }

    /// All so far were given to the channel.
    mutating func markSent() { unsent = 0 }

    mutating func heard(now: NIODeadline) { lastHeard = now }

    /// Who the next reply is for, and since when; nil when nobody asked.
    mutating func takeFirst() -> (waiter: Waiter, since: NIODeadline)? {
        guard let entry = entries.popFirst() else { return nil }
        bytes -= entry.bytes
        return (entry.waiter, entry.since)
    }

    /// Everyone who will get no reply, in order.
    mutating func removeAll() -> [(waiter: Waiter, wasSent: Bool)] {
        defer {
            entries.removeAll()
            bytes = 0
            unsent = 0
        }
        let sent = entries.count - unsent
        return entries.enumerated().map { ($0.element.waiter, $0.offset < sent) }
    }

    func watch(now: NIODeadline) -> Watch {
        if let first = entries.first {
            let patience = min(lastHeard + limits.replyDeadline, first.deadline + limits.replyPatience)
            let end = max(first.deadline, patience)
            return end <= now ? .overdue : .sleep(until: end)
        }
        let ping = lastHeard + limits.idlePing
        return ping <= now ? .idle : .sleep(until: ping)
    }
}
