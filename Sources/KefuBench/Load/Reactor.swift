import Glibc

/// A descriptor that the reactor watches.
protocol Watched: AnyObject {
    var descriptor: Int32 { get }

    /// Called on the reactor's thread when the descriptor can be read or written, or its peer has gone.
    func ready(readable: Bool, writable: Bool) throws(BenchError)
}

/// The one thread of the load generator: sends requests, reads answers and plays the gateway and the callback
/// receiver, all from one `epoll` loop, so that a moment seen here is comparable with every other.
/// The first error ends the workload.
final class Reactor {
    private static let eventsPerTurn = 256

    private let poller: Int32
    private var watched: [Int32: any Watched] = [:]
    private var events = [epoll_event](repeating: epoll_event(), count: eventsPerTurn)

    init() throws(BenchError) {
        poller = epoll_create1(Int32(EPOLL_CLOEXEC.rawValue))
        guard poller >= 0 else { throw .system("epoll_create1") }
    }

    deinit {
        close(poller)
    }

    func watch(_ source: any Watched) throws(BenchError) {
        watched[source.descriptor] = source
        try control(EPOLL_CTL_ADD, source.descriptor, writing: false)
    }

    /// Whether `ready` is also called once the descriptor takes more bytes.
    func wantsToWrite(_ source: any Watched, _ wants: Bool) throws(BenchError) {
        try control(EPOLL_CTL_MOD, source.descriptor, writing: wants)
    }

    /// Forgets the descriptor and closes it.
    func drop(_ source: any Watched) {
        watched[source.descriptor] = nil
        close(source.descriptor)
    }

    /// Waits up to `milliseconds` for something to happen and handles it.
    func turn(atMost milliseconds: Int32) throws(BenchError) {
        let count = epoll_wait(poller, &events, Int32(events.count), milliseconds)
        try Interruption.check()
        guard count >= 0 else {
            if errno == EINTR { return }
            throw .system("epoll_wait")
        }
        for index in 0..<Int(count) {
            let flags = events[index].events
            guard let source = watched[events[index].data.fd] else { continue }
            try source.ready(
                readable: flags & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0,
                writable: flags & EPOLLOUT.rawValue != 0)
        }
    }

    /// Handles what happens until `isDone`, at most until `deadline` (monotonic nanoseconds).
    ///
    /// - Returns: Whether `isDone` was met.
    func run(until deadline: Int64, isDone: () -> Bool = { false }) throws(BenchError) -> Bool {
        while !isDone() {
            let left = deadline - Moment.monotonic()
            guard left > 0 else { return false }
            try turn(atMost: Int32(min(left / 1_000_000 + 1, 100)))
        }
        return true
    }

    private func control(_ operation: Int32, _ descriptor: Int32, writing: Bool) throws(BenchError) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0)
        event.data.fd = descriptor
        guard epoll_ctl(poller, operation, descriptor, &event) == 0 else { throw .system("epoll_ctl") }
    }
}
