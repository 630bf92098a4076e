import Logging
import NIOCore
import NIOPosix

/// The Redis of those who have none: a `redis-server` in the background, on a unix socket in the data folder.
///
/// Any number of instances use the same folder together. The first starts the server, whether or not earlier ones
/// crashed; the last to ``leave()`` stops it. Three locked files in the folder say what is the case
/// (``EmbeddedRedisFolder``); the kernel clears them of the dead.
package actor EmbeddedRedis {
    /// One English line that says what to do.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String

        init(_ description: String) { self.description = description }
    }

    /// How long a server may be silent before the start is given up; loading its data does not count.
    static let longestSilence = Duration.seconds(30)
    /// How long a server may take to end after the order to.
    static let longestShutdown = Duration.seconds(30)
    /// How often ``run()`` looks whether the server lives.
    static let lookInterval = Duration.milliseconds(200)

    package nonisolated let endpoint: RedisEndpoint
    private let folder: EmbeddedRedisFolder
    private let server: RedisServerProcess
    private let users: FileLock
    private let link: RedisLink
    private let logger: Logger
    private var hasLeft = false

    /// Joins the server of the folder, or starts one, and waits until it answers.
    ///
    /// - Parameters:
    ///   - dataDirectory: made when it is missing; relative to the working directory.
    ///   - program: a path, or a name to look for in `PATH`.
    package static func start(
        dataDirectory: String, program: String = "redis-server", logger: Logger
    ) async throws(Failure) -> EmbeddedRedis {
        let redis = try EmbeddedRedis(folder: EmbeddedRedisFolder(dataDirectory), program: program, logger: logger)
        do {
            try await redis.join()
        } catch {
            // A caller that wants it no more leaves no server behind; one that fails stays for people to look at.
            if Task.isCancelled { await Task { await redis.leave() }.value } else { await redis.link.close() }
            throw error
        }
        return redis
    }

    private init(folder: EmbeddedRedisFolder, program: String, logger: Logger) throws(Failure) {
        self.folder = folder
        self.endpoint = RedisEndpoint(address: .unixSocket(path: folder.socket))
        self.server = RedisServerProcess(folder: folder, program: program)
        self.users = try FileLock(path: folder.usersLock)
        self.logger = logger
        do {
            let route = try RedisRoute(endpoint, name: "kefu-embedded")
            // Silent: whoever uses the server says what becomes of it.
            let silent = Logger(label: "kefu.redis") { _ in SwiftLogNoOpLogHandler() }
            self.link = RedisLink(
                route: route, eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
                journal: ReachabilityLog(connections: 1, logger: silent))
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Keeps the server alive until the task is cancelled: one that dies is started again. All instances may do so.
    package func run() async {
        var backoff = Backoff(first: .milliseconds(50), longest: .seconds(5))
        while await sleep(for: Self.lookInterval), !hasLeft {
            do throws(Failure) {
                guard try await startIfDead() else {
                    if link.isUp.load(ordering: .relaxed) { backoff.reset() }
                    continue
                }
                logger.warning("内置 Redis 意外退出，已重新启动", metadata: ["log": "\(folder.log)"])
            } catch {
                logger.error("内置 Redis 无法重新启动", metadata: ["detail": "\(error)"])
            }
            var random = SystemRandomNumberGenerator()
            guard await sleep(for: Duration(backoff.next(using: &random))) else { return }
        }
    }

    /// Goes; the last of all instances stops the server and waits until it is gone. A second call does nothing.
    package func leave() async {
        guard !hasLeft else { return }
        hasLeft = true
        do throws(Failure) {
            let door = try await openDoor()
            defer { door.unlock() }
            if try users.tryLock(.exclusive) { try await stop() }
        } catch {
            logger.error("内置 Redis 未能正常关闭", metadata: ["detail": "\(error)"])
        }
        users.unlock()
        await link.close()
    }

    // MARK: Starting

    private func join() async throws(Failure) {
        let door = try await openDoor()
        guard try users.tryLock(.shared) else {
            throw Failure("'\(users.path)' is held by somebody who should not: is another program using the folder?")
        }
        door.unlock()
        let isFirst = try await startIfDead()
        link.start()
        try await waitUntilUp()
        let pid = await serverPID()
        logger.info(
            isFirst ? "内置 Redis 已启动" : "已加入正在运行的内置 Redis",
            metadata: ["folder": "\(folder.path)", "pid": "\(pid)"])
    }

    /// Whether a server was missing, and is started now. It need not answer yet.
    private func startIfDead() async throws(Failure) -> Bool {
        let alive = try FileLock(path: folder.aliveLock)
        guard try alive.tryLock(.shared) else { return false }
        alive.unlock()
        let door = try await openDoor()
        defer { door.unlock() }
        // Not at the first try: others may be looking at this moment.
        guard !hasLeft, try await alive.lock(.exclusive, within: .milliseconds(200)) else { return false }
        try await server.start(holding: alive)
        return true
    }

    private func waitUntilUp() async throws(Failure) {
        var silentSince = ContinuousClock.now
        while await !link.waitUntilUp(deadline: .now() + .seconds(1)) {
            let reason = "\(await ask(["PING"]))"
            if Task.isCancelled {
                throw Failure("the start was called off while the embedded Redis was not ready")
            } else if reason.contains("LOADING") {
                silentSince = .now
                logger.info("内置 Redis 正在载入数据")
            } else if try FileLock(path: folder.aliveLock).tryLock(.shared) {
                throw Failure("the embedded Redis ended at its start, see '\(folder.log)': \(folder.lastLogLine)")
            } else if ContinuousClock.now - silentSince > Self.longestSilence || Task.isCancelled {
                throw Failure("the embedded Redis in '\(folder.path)' does not answer: \(reason)")
            } else {
                logger.debug("the embedded Redis does not answer yet", metadata: ["detail": "\(reason)"])
            }
        }
    }

    /// `?` when it does not say.
    private func serverPID() async -> String {
        guard case .success(let reply) = await ask(["INFO", "server"]), let text = reply.text else { return "?" }
        let line = text.split(separator: "\r\n").first { $0.hasPrefix("process_id:") }
        return line.map { String($0.dropFirst("process_id:".count)) } ?? "?"
    }

    private func ask(
        _ command: [RedisArgument], extraTime: TimeAmount = .zero
    ) async -> Result<RESPValue, RedisClientError> {
        do throws(RedisClientError) {
            return .success(try await link.send(.plain(command), extraTime: extraTime))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Stopping

    private func stop() async throws(Failure) {
        _ = await link.waitUntilUp(deadline: .now() + .seconds(2))
        let answer = await ask(["SHUTDOWN"], extraTime: TimeAmount(Self.longestShutdown))
        switch answer {
        // A server that obeys has no time for an answer.
        case .success(let refusal): throw Failure("SHUTDOWN was answered: \(refusal)")
        // Nobody can sign in while it loads its data; a signal ends it then.
        case .failure(.unavailable): folder.terminateServer()
        case .failure(.outcomeUnknown): break
        }
        guard try await FileLock(path: folder.aliveLock).lock(.shared, within: Self.longestShutdown) else {
            throw Failure("the embedded Redis has not ended within \(Self.longestShutdown)")
        }
        logger.info("内置 Redis 已停止", metadata: ["folder": "\(folder.path)"])
    }

    /// The lock that all who come and go hold while they do.
    private func openDoor() async throws(Failure) -> FileLock {
        let door = try FileLock(path: folder.doorLock)
        guard try await door.lock(.exclusive, within: Self.longestShutdown + Self.longestSilence) else {
            throw Failure("'\(door.path)' is held for too long: another instance is starting or leaving")
        }
        return door
    }
}
