import Glibc

/// Starts `redis-server` so that it outlives us: it goes into the background by itself, in a session of its own, so
/// neither a Ctrl-C in our terminal nor our end reaches it.
///
/// It keeps a locked file open for as long as it lives. Whoever can take that lock knows that no server of the folder
/// is left, even one that is frozen, has not opened its socket yet, or is ending. (The children that a server forks
/// to rewrite its file hold the lock as well: after a `kill -9` in the middle of that, it takes until they are done.)
struct RedisServerProcess {
    let folder: EmbeddedRedisFolder
    /// A path, or a name to look for in `PATH`.
    let program: String

    /// - Parameter alive: held exclusively; the server inherits it.
    /// - Throws: ``EmbeddedRedis/Failure`` when the program is missing or refuses its settings.
    func start(holding alive: FileLock) async throws(EmbeddedRedis.Failure) {
        try folder.writeSettings()
        let status = try await wait(for: try spawn(holding: alive))
        guard status == 0 else {
            throw EmbeddedRedis.Failure("\(program) ended with status \(status): \(folder.lastLogLine)")
        }
    }

    private func spawn(holding alive: FileLock) throws(EmbeddedRedis.Failure) -> pid_t {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, folder.log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        posix_spawn_file_actions_adddup2(&files, alive.descriptor, 3)
        for descriptor in Self.openDescriptors where descriptor > 3 {
            posix_spawn_file_actions_addclose(&files, descriptor)
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var nothingBlocked = sigset_t()
        sigemptyset(&nothingBlocked)
        posix_spawnattr_setsigmask(&attributes, &nothingBlocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let arguments = Self.list([program, folder.settings])
        let environment = Self.list(Self.passedOn)
        defer { for text in arguments + environment { free(text) } }
        var pid = pid_t()
        let failure = posix_spawnp(&pid, program, &files, &attributes, arguments, environment)
        switch failure {
        case 0: return pid
        case ENOENT:
            throw EmbeddedRedis.Failure(
                "there is no '\(program)' in PATH: install it (apt-get install redis-server), or set REDIS_URL")
        default: throw EmbeddedRedis.Failure("cannot start '\(program)': \(String(cString: strerror(failure)))")
        }
    }

    /// Nothing of our environment but what a program needs: it may hold tokens.
    private static var passedOn: [String] {
        let names = ["PATH", "LANG", "LC_ALL", "TZ"]
        return names.compactMap { name in getenv(name).map { value in name + "=" + String(cString: value) } }
    }

    /// As `exec` wants it: ended by a null pointer. The caller frees the texts.
    private static func list(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var list: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        list.append(nil)
        return list
    }

    /// Those that no longer exist when they are to be closed do no harm.
    private static var openDescriptors: [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name) { found.append(descriptor) }
        }
        return found
    }

    /// The process that goes into the background ends at once; it is waited for without holding a thread.
    private func wait(for pid: pid_t) async throws(EmbeddedRedis.Failure) -> Int32 {
        var status: Int32 = 0
        while true {
            let ended = waitpid(pid, &status, WNOHANG)
            // Somebody else has taken the status: what matters shows when the server answers.
            if ended < 0, errno == ECHILD { return 0 }
            // The exit status in its usual place, or the number of the signal.
            if ended == pid { return status & 0x7F == 0 ? (status >> 8) & 0xFF : status & 0x7F }
            // A cancelled caller must not leave a zombie: the wait is short, so it goes on without pauses.
            if await !sleep(for: .milliseconds(2)) { await Task.yield() }
        }
    }
}
