import KefuRedis
import Logging
import NIOCore
import Synchronization

extension RedisClient {
    /// As `command`, with the failure as a value.
    func outcome(_ arguments: RedisArgument...) async -> Result<RESPValue, RedisClientError> {
        do throws(RedisClientError) {
            return .success(try await command(arguments))
        } catch {
            return .failure(error)
        }
    }
}

extension Result<RESPValue, RedisClientError> {
    var isUnavailable: Bool { if case .failure(.unavailable) = self { true } else { false } }
    var isUnknown: Bool { if case .failure(.outcomeUnknown) = self { true } else { false } }
}

/// Keeps what is logged.
final class RecordedLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        Logger(label: "recorded") { _ in Handler(log: self) }
    }

    fileprivate func keep(_ line: String) { kept.withLock { $0.append(line) } }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.keep("\(event.message)") }
    }
}

/// Runs tasks on an event loop, as the HTTP front does.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
