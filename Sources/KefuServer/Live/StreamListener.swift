import NIOCore
import Synchronization

/// Bytes that wait for all listeners of an instance, and who had to go for being slow.
final class QueuedBytes: Sendable {
    let dropped = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    private let most: Int

    init(most: Int) { self.most = most }

    var now: Int { count.load(ordering: .relaxed) }

    /// False, and nothing added, when that would be too many.
    func add(_ bytes: Int) -> Bool {
        let now = count.add(bytes, ordering: .relaxed).newValue
        guard now > most else { return true }
        remove(bytes)
        return false
    }

    func remove(_ bytes: Int) { count.subtract(bytes, ordering: .relaxed) }
}

/// Whoever listens to the live stream: a short queue between the one who reads Redis and the task that writes to the
/// connection. May be used from any thread; ``next()`` is called by one task.
final class StreamListener: Sendable {
    enum End: Sendable {
        /// It was slower than what came.
        case dropped
        /// The instance stops.
        case closing
        /// It has hung up.
        case gone
    }

    enum Item: Sendable {
        case part(ByteBuffer)
        case end(End)
    }

    private struct State {
        var queue = CircularBuffer<ByteBuffer>(initialCapacity: 0)
        var bytes = 0
        var end: End?
        var waiter: CheckedContinuation<Item, Never>?
    }

    let wantsStats: Bool
    private let most: Int
    private let total: QueuedBytes
    private let state = Mutex(State())

    /// - Parameters:
    ///   - most: bytes that may wait here.
    ///   - total: what waits for all listeners.
    init(wantsStats: Bool, most: Int, total: QueuedBytes) {
        self.wantsStats = wantsStats
        self.most = most
        self.total = total
    }

    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// Queues a part; one too many ends the listener.
    func offer(_ part: ByteBuffer) {
        let count = part.readableBytes
        let (waiter, item) = state.withLock { state -> (CheckedContinuation<Item, Never>?, Item) in
            guard state.end == nil else { return (nil, .part(part)) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, .part(part))
            }
            if state.bytes + count <= most, total.add(count) {
                state.bytes += count
                state.queue.append(part)
            } else {
                clear(&state, end: .dropped)
                total.dropped.add(1, ordering: .relaxed)
            }
            return (nil, .part(part))
        }
        waiter?.resume(returning: item)
    }

    /// The first end counts, but for ``End/gone``, which is always the last word.
    func end(_ end: End) {
        let waiter = state.withLock { state -> CheckedContinuation<Item, Never>? in
            if end == .gone {
                clear(&state, end: .gone)
            } else if state.end == nil {
                state.end = end
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .end(end))
    }

    /// What is to be written next; waits for it. What was queued before a stop is written still.
    func next() async -> Item {
        await withCheckedContinuation { waiter in
            let item = state.withLock { state -> Item? in
                if let end = state.end, end != .closing { return .end(end) }
                if let part = state.queue.popFirst() {
                    state.bytes -= part.readableBytes
                    total.remove(part.readableBytes)
                    return .part(part)
                }
                if let end = state.end { return .end(end) }
                state.waiter = waiter
                return nil
            }
            if let item { waiter.resume(returning: item) }
        }
    }

    private func clear(_ state: inout State, end: End) {
        total.remove(state.bytes)
        state.bytes = 0
        state.queue.removeAll()
        state.end = end
    }
}
