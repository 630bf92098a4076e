import Glibc

/// The standard output stream, past C's buffers.
enum Output {
    /// Writes all bytes; what a reader who has gone does not take is dropped (`kefu list | head`).
    static func write(_ bytes: [UInt8]) { _ = reaches(bytes) }

    static func write(_ text: String) { write(Array(text.utf8)) }

    /// Writes all bytes.
    ///
    /// - Returns: false when the reader has gone: whoever goes on writing should end quietly.
    static func reaches(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Whether the other end of the pipe, if it is one, is closed: known before anything is written.
    static var isAbandoned: Bool {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&descriptor, 1, 0) > 0 && Int32(descriptor.revents) & (POLLERR | POLLNVAL) != 0
    }

    /// Returns when ``isAbandoned``, or when the task is cancelled. Looks once a second: nothing tells of it by itself
    /// while nothing is written.
    static func untilAbandoned() async {
        while !isAbandoned {
            // A cancelled sleep ends the watch.
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
        }
    }
}
