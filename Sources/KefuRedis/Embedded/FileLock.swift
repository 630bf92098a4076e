import Glibc

/// A `flock(2)` on a file of its own. The kernel lets go of it when the last process that holds the open file ends,
/// however it ends; so a lock never outlives its meaning.
///
/// A value is one open file: two of them in one process exclude each other too. May be used from any thread.
final class FileLock: Sendable {
    enum Mode: Int32 {
        case shared = 1  // LOCK_SH
        case exclusive = 2  // LOCK_EX
    }

    let path: String
    let descriptor: Int32

    /// Opens the file, and makes it (0600) when it is missing.
    init(path: String) throws(EmbeddedRedis.Failure) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw EmbeddedRedis.Failure("cannot open '\(path)': \(errnoText())") }
    }

    /// Takes the lock if nobody is in the way. A lock that this value holds already changes its mode; when that
    /// fails, it may be lost.
    func tryLock(_ mode: Mode) throws(EmbeddedRedis.Failure) -> Bool {
        while flock(descriptor, mode.rawValue | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: return false
            default: throw EmbeddedRedis.Failure("cannot lock '\(path)': \(errnoText())")
            }
        }
        return true
    }

    /// Looks again and again until nobody is in the way; false when that took longer than `limit`.
    func lock(_ mode: Mode, within limit: Duration) async throws(EmbeddedRedis.Failure) -> Bool {
        let deadline = ContinuousClock.now + limit
        while try !tryLock(mode) {
            guard ContinuousClock.now < deadline, await sleep(for: .milliseconds(20)) else { return false }
        }
        return true
    }

    /// Lets go at once.
    func unlock() { _ = flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}

/// What the last failed system call of this thread complains of.
func errnoText() -> String { String(cString: strerror(errno)) }

/// False when the task was cancelled.
func sleep(for duration: Duration) async -> Bool {
    do {
        try await Task.sleep(for: duration)
        return true
    } catch {
        return false
    }
}
