import Glibc

/// A descriptor that the reactor watches.
protocol Watched: AnyObject {
    var descriptor: Int32 { get }

    /// Called on the reactor's thread when the descriptor can be read or written, or its peer has gone.
    func ready(readable: Bool, writable: Bool) throws(BenchError)
}

/// The one thread of the load generator: sends requests, reads answers and plays the gateway and the callback
/// receiver, all from one `poll` loop, so that a moment seen here is comparable with every other.
/// The first error ends the workload.
final class Reactor {
    private var sources: [any Watched] = []
    /// What is waited for, in the order of `sources`.
    private var interests: [pollfd] = []

    func watch(_ source: any Watched) {
        sources.append(source)
        interests.append(pollfd(fd: source.descriptor, events: Int16(POLLIN), revents: 0))
    }

    /// Whether `ready` is also called once the descriptor takes more bytes.
    func wantsToWrite(_ source: any Watched, _ wants: Bool) {
        guard let index = index(of: source) else { return }
        interests[index].events = Int16(wants ? POLLIN | POLLOUT : POLLIN)
    }

    /// Forgets the descriptor and closes it.
    func drop(_ source: any Watched) {
        guard let index = index(of: source) else { return }
        sources.remove(at: index)
        interests.remove(at: index)
        close(source.descriptor)
    }

    /// Waits up to `milliseconds` for something to happen and handles it.
    func turn(atMost milliseconds: Int32) throws(BenchError) {
        let count = poll(&interests, nfds_t(interests.count), milliseconds)
        try Interruption.check()
        guard count >= 0 else {
            if errno == EINTR { return }
            throw .system("poll")
        }
        guard count > 0 else { return }
        // Handling one may add or drop others.
        let turn = zip(sources, interests).filter { $0.1.revents != 0 }
        for (source, interest) in turn {
            let flags = Int32(interest.revents)
            try source.ready(readable: flags & ~POLLOUT != 0, writable: flags & POLLOUT != 0)
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

    private func index(of source: any Watched) -> Int? {
        sources.firstIndex { $0 === source }
    }
}
