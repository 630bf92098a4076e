import Glibc
import KefuCore
import Logging
import Synchronization

/// Writes each event as one line to the standard error stream, in one `write`, so that lines never mix.
struct StderrLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let label: String
    private let format: LogFormat
    private let formatTime: @Sendable (Int64) -> String

    /// - Parameter formatTime: epoch milliseconds as RFC 3339.
    init(
        label: String, level: Logger.Level, format: LogFormat, formatTime: @escaping @Sendable (Int64) -> String
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.formatTime = formatTime
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        StandardError.write(line(for: event, epochMs: Self.nowMs()))
    }

    func line(for event: LogEvent, epochMs: Int64) -> [UInt8] {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        if let own = event.metadata { all.merge(own) { $1 } }
        let fields = all.map { (name: $0.key, value: $0.value.description) }.sorted {
            Self.comesBefore($0.name, $1.name)
        }
        return format.line(
            time: formatTime(epochMs), level: event.level, logger: label, message: event.message.description,
            fields: fields)
    }

    /// What a line is about comes first, the rest in alphabetical order.
    private static func comesBefore(_ left: String, _ right: String) -> Bool {
        let first = ["task_id", "customer_id", "callback_id", "attempt"]
        let order = (first.firstIndex(of: left) ?? first.count, first.firstIndex(of: right) ?? first.count)
        return order.0 == order.1 ? left < right : order.0 < order.1
    }

    private static func nowMs() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}

extension Logger.MetadataProvider {
    /// Names the request that the present work is done for.
    static let request = Logger.MetadataProvider { RequestScope.id.map { ["request_id": "\($0)"] } ?? [:] }
}

/// The standard error stream, past C's buffers.
enum StandardError {
    private static let lock = Mutex(())

    /// Writes all bytes; what a closed or full stream does not take is dropped, for there is nowhere to say so.
    static func write(_ bytes: [UInt8]) {
        lock.withLock { _ in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    static func line(_ text: String) { write(Array("\(text)\n".utf8)) }
}
