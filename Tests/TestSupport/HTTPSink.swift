import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A peer of Kefu's outgoing requests (gateway, callback receiver) on a loopback port: writes down every request and
/// answers as the test's script says. Wait for what it saw with ``until(within:_:)``; stop it with ``stop()`` or use
/// ``HTTPSink/run(respond:_:)``.
package final class HTTPSink: Sendable {
    package struct Request: Sendable {
        /// From 1, in order of arrival.
        package var number: Int
        /// From 1, in order of acceptance.
        package var connection: Int
        /// From 1: greater on a reused connection.
        package var numberOnConnection: Int
        package var method: String
        package var path: String
        package var headers: [(name: String, value: String)]
        package var body: [UInt8]
        /// When its last byte had come.
        package var arrival: ContinuousClock.Instant

        package var text: String { String(decoding: body, as: UTF8.self) }

        /// The values of all headers of that name, in order, compared without case.
        package func values(of name: String) -> [String] {
            headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        }

        package func header(_ name: String) -> String? { values(of: name).first }
    }

    /// What the sink has seen so far.
    package struct Log: Sendable {
        /// Complete requests only.
        package var requests: [Request] = []
        /// Requests begun: those whose head was complete.
        package var heads = 0
        /// Connections accepted.
        package var connections = 0
        /// Connections not closed by either side.
        package var open = 0
    }

    package typealias Script = @Sendable (Request) -> Reply

    private struct Waiter {
        var condition: @Sendable (Log) -> Bool
        var continuation: CheckedContinuation<Log, any Error>
    }

    private struct State {
        var log = Log()
        var script: Script
        var channels: [Int: any Channel] = [:]
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>
    private let server: any Channel

    /// The address to be configured in what is tested, without a path.
    package let url: String
    package let port: Int

    private init(server: any Channel, state: consuming Mutex<State>, port: Int) {
        self.server = server
        self.state = state
        self.port = port
        url = "http://127.0.0.1:\(port)"
    }

    /// - Parameter respond: the script; without one every request gets 200 and no body.
    package static func start(respond script: @escaping Script = { _ in .status(200) }) async throws -> HTTPSink {
        let owner = SinkReference()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        ByteToMessageHandler(HTTPRequestDecoder()), SinkConnection(owner: owner),
                    ])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        // A bound TCP channel has a port.
        let sink = HTTPSink(server: server, state: Mutex(State(script: script)), port: server.localAddress!.port!)
        owner.set(sink)
        return sink
    }

    /// Runs `body` with a sink that is stopped afterwards.
    package static func run<Value>(
        respond script: @escaping Script = { _ in .status(200) },
        _ body: (HTTPSink) async throws -> Value
    ) async throws -> Value {
        let sink = try await start(respond: script)
        do {
            let value = try await body(sink)
            await sink.stop()
            return value
        } catch {
            await sink.stop()
            throw error
        }
    }

    /// Stops listening and breaks every connection.
    package func stop() async {
        // Closing what is closed already fails, and is what was wanted.
        try? await server.close()
        for channel in state.withLock({ Array($0.channels.values) }) { try? await channel.close() }
    }

    /// Replaces the script for requests that come from now on.
    package func respond(_ script: @escaping Script) { state.withLock { $0.script = script } }

    package var log: Log { state.withLock { $0.log } }
    package var requests: [Request] { log.requests }

    /// The log as soon as the condition holds on it; throws ``SinkTimeout`` when that takes longer than `limit`.
    @discardableResult
    package func until(
        within limit: Duration = .seconds(30), _ condition: @escaping @Sendable (Log) -> Bool
    ) async throws -> Log {
        try await withCheckedThrowingContinuation { continuation in
            let id: Int? = state.withLock { state in
                if condition(state.log) { return nil }
                state.nextWaiter += 1
                state.waiters[state.nextWaiter] = Waiter(condition: condition, continuation: continuation)
                return state.nextWaiter
            }
            guard let id else { return continuation.resume(returning: log) }
            server.eventLoop.scheduleTask(in: TimeAmount(limit)) { [weak self] in
                let late = self?.state.withLock { $0.waiters.removeValue(forKey: id) }
                late?.continuation.resume(throwing: SinkTimeout())
            }
        }
    }

    /// The requests as soon as there are that many.
    package func requests(atLeast count: Int, within limit: Duration = .seconds(30)) async throws -> [Request] {
        try await until(within: limit) { $0.requests.count >= count }.requests
    }

    // MARK: - For the connections

    func accepted(_ channel: any Channel) -> Int {
        change { state in
            state.log.connections += 1
            state.log.open += 1
            state.channels[state.log.connections] = channel
            return state.log.connections
        }
    }

    func closed(connection: Int) {
        change { state in
            if state.channels.removeValue(forKey: connection) != nil { state.log.open -= 1 }
        }
    }

    func begun() { change { $0.log.heads += 1 } }

    func record(_ request: Request) -> Reply {
        var request = request
        let script = change { state in
            request.number = state.log.requests.count + 1
            state.log.requests.append(request)
            return state.script
        }
        return script(request)
    }

    /// Changes the log and wakes whoever waited for it.
    private func change<Value>(_ body: (inout State) -> Value) -> Value {
        let (value, log, met) = state.withLock { state in
            let value = body(&state)
            let met = state.waiters.filter { [log = state.log] in $0.value.condition(log) }
            for id in met.keys { state.waiters[id] = nil }
            return (value, state.log, met.values.map(\.continuation))
        }
        for continuation in met { continuation.resume(returning: log) }
        return value
    }
}

/// What was waited for did not happen in time.
package struct SinkTimeout: Error {}

/// Leads from a connection to its sink, which can only be made once its port is known.
final class SinkReference: Sendable {
    private let sink = Mutex<HTTPSink?>(nil)

    func set(_ value: HTTPSink) { sink.withLock { $0 = value } }
    var value: HTTPSink? { sink.withLock { $0 } }
}
