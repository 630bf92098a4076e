import Glibc
import Synchronization

/// Ctrl-C ends the benchmark through its ordinary way out, so that the processes it started end with it.
enum Interruption {
    private static let asked = Atomic(false)

    static func listen() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in Interruption.asked.store(true, ordering: .relaxed) }
        }
        // A peer that goes away shows as an error of the write.
        signal(SIGPIPE, SIG_IGN)
    }

    static var isAsked: Bool { asked.load(ordering: .relaxed) }

    static func check() throws(BenchError) {
        if isAsked { throw BenchError("interrupted") }
    }

    /// Sleeps, and ends early when asked to.
    static func pause(milliseconds: Int32) throws(BenchError) {
        poll(nil, 0, milliseconds)
        try check()
    }
}
