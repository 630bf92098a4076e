import KefuCore
import KefuSocket
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// Holds the one connection of all instances to the customer-service platform, or waits for its turn.
///
/// Whoever has the lease connects, renews the lease, and connects again when the connection breaks, one connection at
/// a time. A holder that cannot renew drops its connection by its own clock before the lease ends; one that cannot
/// reach the platform for longer than a lease lets others try. A graceful shutdown answers what is under way, closes
/// with 1001 and gives the lease up, so that another instance connects at once.
package final class Connector: Service {
    private struct State {
        var isStopping = false
        var socket: OpenSocket?
    }

    private let options: ConnectorOptions
    private let lease: any ConnectorLease
    private let intake: TaskIntake
    private let gateway: SocketGateway?
    private let dialer: Dialer
    private let terms: LeaseTerms
    private let logger: Logger
    private let ready: @Sendable (Bool) -> Void
    private let state = Mutex(State())
    private let pauses: Mutex<ReconnectPause>

    /// - Parameters:
    ///   - eventLoop: of the connection.
    ///   - executor: runs on that event loop.
    ///   - gateway: given the connection while it is up; nil when actions go another way.
    ///   - ready: told whether actions can go out over the connection.
    /// - Throws: when the file of authorities cannot be used.
    package init(
        _ options: ConnectorOptions, lease: any ConnectorLease, intake: TaskIntake, dialect: any PlatformDialect,
        gateway: SocketGateway?, eventLoop: any EventLoop, executor: any TaskExecutor, logger: Logger,
        ready: @escaping @Sendable (Bool) -> Void = { _ in }
    ) throws {
        self.options = options
        self.lease = lease
        self.intake = intake
        self.gateway = gateway
        self.logger = logger
        self.ready = ready
        dialer = try Dialer(options, eventLoop: eventLoop, executor: executor, dialect: dialect, logger: logger)
        // What is left of the setting is for taking over and connecting.
        terms = LeaseTerms(length: options.lease * 0.9)
        pauses = Mutex(ReconnectPause(first: options.firstPause, longest: options.longestPause))
    }

    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            var episode = ConnectorEpisode(logger, "无法取得连接平台的租约")
            while !isStopping {
                let sentAt = ContinuousClock.now
                do throws(StoreError) {
                    switch try await hold(nil) {
                    case .held(let token):
                        let holding = ConnectorHolding(token: token, until: terms.heldUntil(sentAt: sentAt))
                        await keep(holding)
                    case .other(let left): await pause(min(left, options.look))
                    }
                    episode.ends()
                } catch {
                    episode.begins(error)
                    await pause(options.look)
                }
            }
        } onCancelOrGracefulShutdown: {
            let socket = self.state.withLock { state in
                state.isStopping = true
                return state.socket
            }
            socket?.finish(.leaving)
        }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func hold(_ holding: ConnectorHolding?) async throws(StoreError) -> ConnectorHold {
        let socket = state.withLock { $0.socket }
        let silence = socket?.lastFrame.silence
        return try await lease.holdConnector(
            token: holding?.token, length: terms.length,
            connection: ConnectorState(
                peer: "\(options.address)", isConnected: socket != nil, silence: silence))
    }

    /// Ends early when the instance is to stop.
    private func pause(_ length: Duration) async {
        // Ended early: whoever paused looks why.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: length) }
    }

    // MARK: Holding the lease

    /// Works with the lease until it is lost, given up, or the instance stops.
    private func keep(_ holding: ConnectorHolding) async {
        logger.info("取得连接平台的租约", metadata: ["token": "\(holding.token)"])
        var rest: Duration?
        await withTaskGroup(of: Duration?.self) { group in
            group.addTask {
                await self.renew(holding)
                return nil
            }
            group.addTask {
                await self.watch(holding)
                return nil
            }
            group.addTask { await self.stayConnected(holding) }
            rest = await group.next() ?? nil
            if !holding.isHeld {
                // The lease is another's, or soon: at once, without a word.
                holding.lose()
                logger.warning("连接平台的租约已失效，断开连接", metadata: ["token": "\(holding.token)"])
                state.withLock { $0.socket }?.drop()
            }
            group.cancelAll()
        }
        await giveUp(holding)
        // Another instance may reach the platform.
        if let rest { await pause(rest) }
    }

    private func renew(_ holding: ConnectorHolding) async {
        var wait = terms.renewInterval
        while holding.isHeld {
            // Cancelled: the connection has ended for good.
            do { try await Task.sleep(for: wait) } catch { return }
            let sentAt = ContinuousClock.now
            do throws(StoreError) {
                guard case .held(holding.token) = try await hold(holding) else { return holding.lose() }
                holding.extend(until: terms.heldUntil(sentAt: sentAt))
                wait = terms.renewInterval
            } catch {
                wait = min(.milliseconds(Int64.random(in: 50...200)), terms.renewInterval)
            }
        }
    }

    /// Returns when the lease has run out by this instance's own clock.
    private func watch(_ holding: ConnectorHolding) async {
        while let end = holding.end, ContinuousClock.now < end {
            // Cancelled: the connection has ended for good.
            do { try await Task.sleep(until: end, tolerance: .zero, clock: .continuous) } catch { return }
        }
    }

    private func giveUp(_ holding: ConnectorHolding) async {
        guard holding.isHeld else { return }
        holding.lose()
        // The last word of this holding, also when its task is cancelled; without it the lease runs out by itself.
        let given = await Task { [lease] in
            do throws(StoreError) {
                try await lease.releaseConnector(token: holding.token)
                return true
            } catch { return false }
        }.value
        logger.info("交还连接平台的租约", metadata: ["token": "\(holding.token)", "released": "\(given)"])
    }

    // MARK: The connection

    /// Connects, again and again, one connection at a time.
    ///
    /// - Returns: how long to stay away, when the platform could not be reached for long; nil when the instance stops
    ///   or the lease is lost.
    private func stayConnected(_ holding: ConnectorHolding) async -> Duration? {
        var episode = ConnectorEpisode(logger, "无法连接平台")
        let stalls = ConnectorStalls(logger)
        let intake = ConnectorIntake(intake: intake, holding: holding) { stalls.note($0) }
        while holding.isHeld, !isStopping {
            do throws(ConnectorFailure) {
                let socket = try await dial(holding, intake)
                episode.ends()
                await use(socket, holding)
            } catch {
                if error != .abandoned { episode.begins(error) }
            }
            guard holding.isHeld, !isStopping else { return nil }
            var random = SystemRandomNumberGenerator()
            let wait = pauses.withLock { $0.failed(using: &random) }
            if wait > options.lease { return wait }
            await pause(wait)
        }
        return nil
    }

    /// Ends early when the instance is to stop, or the lease is lost.
    private func dial(
        _ holding: ConnectorHolding, _ intake: ConnectorIntake
    ) async throws(ConnectorFailure) -> OpenSocket {
        let dialer = dialer
        let result = await cancelWhenGracefulShutdown { () async -> Result<OpenSocket, ConnectorFailure> in
            do throws(ConnectorFailure) {
                return .success(try await dialer.dial(holding, intake: intake))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Returns when the connection has ended, and nothing that it brought is with Redis any more: what the next one
    /// brings comes behind it.
    private func use(_ socket: OpenSocket, _ holding: ConnectorHolding) async {
        let since = ContinuousClock.now
        logger.notice("已连接平台", metadata: ["url": "\(options.address)", "token": "\(holding.token)"])
        let mustLeave = state.withLock { state in
            state.socket = socket
            return state.isStopping
        }
        if mustLeave { socket.finish(.leaving) }
        if !holding.isHeld { socket.drop() }
        socket.watch { [gateway, ready] isUp in
            gateway?.use(isUp ? socket : nil, holding)
            ready(isUp)
        }
        let close = await socket.ended()
        state.withLock { $0.socket = nil }
        // One that did not even last a pause has proved nothing.
        if ContinuousClock.now - since > options.longestPause / 3 { pauses.withLock { $0.reset() } }
        logger.notice(
            "与平台的连接已断开",
            metadata: [
                "url": "\(options.address)", "code": "\(close?.code ?? 1006)",
                "reason": "\(AnswerExcerpt.of(Array((close?.reason ?? "").utf8)))",
            ])
    }
}
