import KefuCore
import Logging
import NIOCore

/// The table of paths: the contract on one page. Each route reads its input, calls the intake or the store, and says
/// in the contract's words what came of it.
package struct APIRoutes: Sendable {
    let intake: TaskIntake
    let store: any TaskStore
    let reader: RequestReader
    let times: TimeZoneRules
    let instance: InstanceIdentity
    let drain: DrainSignal
    let broadcast: ChangeBroadcast
    let scrape: @Sendable () async -> [UInt8]
    let platform: (any PlatformBodyDialect)?
    private let socket: SocketRoute

    /// - Parameters:
    ///   - drain: the server's own, so that the health check turns red when the shutdown begins.
    ///   - broadcast: to be run beside the server, and longer than it.
    ///   - scrape: all metrics as Prometheus reads them.
    ///   - platform: what posted bodies of the platform's own shape mean; nil: none are taken.
    ///   - dialect: of WebSocket frames; nil: the contract's own.
    package init(
        intake: TaskIntake, store: any TaskStore, reader: RequestReader, times: TimeZoneRules,
        instance: InstanceIdentity, drain: DrainSignal, broadcast: ChangeBroadcast,
        scrape: @escaping @Sendable () async -> [UInt8], platform: (any PlatformBodyDialect)? = nil,
        dialect: (any PlatformDialect)? = nil
    ) {
        self.intake = intake
        self.store = store
        self.reader = reader
        self.times = times
        self.instance = instance
        self.drain = drain
        self.broadcast = broadcast
        self.scrape = scrape
        self.platform = platform
        let dialect = dialect ?? ContractDialect(reader: reader, formatTime: { times.text($0) })
        socket = SocketRoute(dialect: dialect, intake: intake)
    }

    package var all: [Route] {
        [
            Route(.post, "/api/task/receive", .tasks, load: .task, handler: receive),
            Route(.post, "/api/task/receive/batch", .tasks, load: .task, body: .batch, handler: receiveBatch),
            Route(.post, "/api/task/cancel", .tasks, load: .essential, handler: cancel),
            Route(.post, "/api/task/retry", .tasks, load: .task, handler: retry),
            Route(.post, "/api/task/fire", .admin, load: .task, handler: fire),
            Route(.post, "/api/task/update", .tasks, load: .task, handler: update),
            Route(.get, "/api/task/status/:id", .read, load: .query, handler: status),
            Route(.get, "/api/task/list", .read, load: .page, handler: list),
            Route(.get, "/api/task/stats", .read, load: .page, handler: stats),
            Route(.get, "/api/task/history", .read, load: .page, handler: history),
            Route(.get, "/api/task/stream", .read, load: .query, handler: stream),
            Route(.post, "/api/event", .events, load: .event, handler: event),
            Route(.post, "/api/event/batch", .events, load: .event, body: .batch, handler: eventBatch),
            Route(.post, "/api/event/platform", .events, load: .event, handler: platformEvent),
            Route(.get, "/api/event/ws", .events, load: .event, socket: socket, handler: eventSocket),
            Route(.get, "/api/callbacks", .read, load: .page, handler: callbacks),
            Route(.post, "/api/callbacks/replay", .admin, load: .task, handler: replayCallbacks),
            Route(.get, "/", .open, load: .query, handler: page),
            Route(.get, "/api/docs", .open, load: .query, handler: documentation),
            Route(.get, "/api/openapi.json", .open, load: .query, handler: description),
            Route(.get, "/assets/:name", .open, load: .query, handler: asset),
            Route(.get, "/api/access", .any, load: .query, handler: access),
            Route(.get, "/metrics", .read, load: .essential, handler: metrics),
            Route(.get, "/api/health", .open, load: .essential, handler: health),
            Route(.get, "/api/health/live", .open, load: .essential, handler: healthLive),
        ]
    }

    /// Runs one of the reader's functions over a body.
    func read<Value>(
        _ body: ByteBuffer, _ parse: (UnsafeRawBufferPointer) throws(InputError) -> Value
    ) throws(APIError) -> Value {
        let result = body.withUnsafeReadableBytes { bytes -> Result<Value, InputError> in
            do throws(InputError) {
                return .success(try parse(bytes))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw APIError(error)
        }
    }
}

/// Runs a call of the store and turns its failure into the contract's words.
func calling<Value>(_ call: () async throws(StoreError) -> Value) async throws(APIError) -> Value {
    do throws(StoreError) {
        return try await call()
    } catch {
        throw APIError(error)
    }
}
