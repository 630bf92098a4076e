import KefuCore
import Logging
import Synchronization

/// Says once that something fails, and once that it works again.
struct ConnectorEpisode {
    private let logger: Logger
    private let message: Logger.Message
    private var lasts = false

    init(_ logger: Logger, _ message: Logger.Message) {
        self.logger = logger
        self.message = message
    }

    mutating func begins(_ error: any Error) {
        if !lasts { logger.warning(message, metadata: ["error": "\(error)"]) }
        lasts = true
    }

    mutating func ends() {
        if lasts { logger.notice("已恢复", metadata: ["after": "\(message)"]) }
        lasts = false
    }
}

/// The same, for what is noticed on several connections in a row. Safe from any thread.
final class ConnectorStalls: Sendable {
    private let episode: Mutex<ConnectorEpisode>

    init(_ logger: Logger) { episode = Mutex(ConnectorEpisode(logger, "事件暂时无法写入，停止读取平台消息")) }

    func note(_ error: StoreError?) {
        episode.withLock { if let error { $0.begins(error) } else { $0.ends() } }
    }
}
