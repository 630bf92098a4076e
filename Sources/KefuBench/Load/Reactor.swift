import CEpoll
import Glibc

/// A descriptor that the reactor watches.
protocol Watched: AnyObject {
    var descriptor: Int32 { get }

    /// Called on the reactor's thread when the descriptor can be read or written, or its peer has gone; at times also
    /// when there is nothing.
    func ready(readable: Bool, writable: Bool) throws(BenchError)
}

/// The one thread of the load generator: sends requests, reads answers and plays the gateway and the callback
/// receiver, all from one `epoll` loop, so that a moment seen here is comparable with every other.
/// The first error ends the workload.
final class Reactor {
    /// How many descriptors one turn handles.
    private static let turnLength = 256
    /// The longest turn without a look at whether it is all over, nanoseconds.
    private static let longestWait: Int64 = 100_000_000

    private let epoll: Int32
    /// By descriptor.
    private var sources: [Int32: any Watched] = [:]
    /// The descriptors that are waited for to take more bytes.
    private var writing: Set<Int32> = []
    private var events = [epoll_event](repeating: epoll_event(), count: turnLength)

    init() throws(BenchError) {
        epoll = epoll_create1(0)
        guard epoll >= 0 else { throw .system("epoll_create1") }
    }

    deinit {
        close(epoll)
    }

    func watch(_ source: any Watched) throws(BenchError) {
        sources[source.descriptor] = source
        try control(EPOLL_CTL_ADD, source.descriptor, EPOLLIN.rawValue)
    }

    /// Whether `ready` is also called once the descriptor takes more bytes.
    func wantsToWrite(_ source: any Watched, _ wants: Bool) throws(BenchError) {
        guard wants != writing.contains(source.descriptor) else { return }
        if wants { writing.insert(source.descriptor) } else { writing.remove(source.descriptor) }
        try control(EPOLL_CTL_MOD, source.descriptor, EPOLLIN.rawValue | (wants ? EPOLLOUT.rawValue : 0))
    }

    /// Forgets the descriptor and closes it, which ends its watch, too.
    func drop(_ source: any Watched) {
        guard sources[source.descriptor] === source else { return }
        sources[source.descriptor] = nil
        writing.remove(source.descriptor)
        close(source.descriptor)
    }

    /// Waits up to so many nanoseconds for something to happen and handles it.
    func turn(atMost nanoseconds: Int64) throws(BenchError) {
        var wait = timespec(tv_sec: 0, tv_nsec: Int(min(max(nanoseconds, 0), Self.longestWait)))
        let count = epoll_pwait2(epoll, &events, Int32(events.count), &wait, nil)
        try Interruption.check()
        guard count >= 0 else {
            if errno == EINTR { return }
            throw .system("epoll_pwait2")
        }
        for index in 0..<Int(count) {
            let event = events[index]
            // Handling one may drop others.
            guard let source = sources[event.data.fd] else { continue }
            let isWritable = event.events & EPOLLOUT.rawValue != 0
            try source.ready(readable: event.events & ~EPOLLOUT.rawValue != 0, writable: isWritable)
        }
    }

    /// Handles what happens until `isDone`, at most until `deadline` (monotonic nanoseconds).
    ///
    /// - Returns: Whether `isDone` was met.
    func run(until deadline: Int64, isDone: () -> Bool = { false }) throws(BenchError) -> Bool {
        while !isDone() {
            let left = deadline - Moment.monotonic()
            guard left > 0 else { return false }
            try turn(atMost: left)
        }
        return true
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: UInt32) throws(BenchError) {
        var event = epoll_event(events: interest, data: epoll_data_t(fd: descriptor))
        guard epoll_ctl(epoll, operation, descriptor, &event) == 0 else { throw .system("epoll_ctl") }
    }
}
