import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy on a loopback port that does to the bytes between two processes what a bad network does.
///
/// Its ``Weather`` holds for all connections, those that are there too. A ``Trap`` springs once. What one read of a
/// socket brought is a part; connections that the weather spares pass parts on as they come.
package final class FaultProxy: Sendable {
    package enum Direction: String, Sendable, CaseIterable { case request, answer }

    package enum Weather: Sendable, Equatable {
        case clear
        /// Connections are closed, new ones at once.
        case refusing
        /// What goes this way waits until the weather changes, the end of a connection too: as behind a broken cable.
        case holding(Direction)
        /// Each part comes so much later, both ways.
        case slow(TimeAmount)
    }

    /// Waits for the next part but `skip` that goes this way, and breaks its connection after that many bytes of it.
    package struct Trap: Sendable {
        package var direction: Direction
        package var skip: Int
        /// nil: all of it, and the connection stays.
        package var bytes: Int?
        /// Called when the bytes have passed and before the connection breaks; with nothing to break, before they pass.
        /// On the connection's event loop.
        package var deed: @Sendable () -> Void

        package init(_ direction: Direction, skip: Int = 0, bytes: Int? = 0, deed: @escaping @Sendable () -> Void = {})
        {
            self.direction = direction
            self.skip = skip
            self.bytes = bytes
            self.deed = deed
        }
    }

    package enum Upstream: Sendable {
        case tcp(port: Int)
        case unixSocket(path: String)
    }

    /// Parts that passed, connections that broke.
    package struct Tally: Sendable {
        package var parts = 0
        package var broken = 0
        package var refused = 0
    }

    private struct State {
        var weather = Weather.clear
        var traps: [Int: Trap] = [:]
        var nextTrap = 0
        var tally = Tally()
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// Of connections that ended while what they had sent was held.
        var rests: [@Sendable () -> Void] = []
    }

    private let upstream: Upstream
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    package var port: Int { listener.withLock { $0?.localAddress?.port ?? 0 } }

    private init(upstream: Upstream) { self.upstream = upstream }

    package static func start(to upstream: Upstream) async throws -> FaultProxy {
        let proxy = FaultProxy(upstream: upstream)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [weak proxy] in
                proxy?.accepted($0) ?? $0.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        proxy.listener.withLock { $0 = channel }
        return proxy
    }

    package func stop() async {
        // What is closed already is as it should be.
        try? await listener.withLock { $0 }?.close()
        breakAll()
    }

    // MARK: What a test does

    package var tally: Tally { state.withLock { $0.tally } }

    package func setWeather(_ weather: Weather) {
        let (channels, rests) = state.withLock { state in
            state.weather = weather
            defer { state.rests = [] }
            return (Array(state.channels.values), state.rests)
        }
        for rest in rests { rest() }
        if weather == .refusing { return breakAll() }
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(WeatherChange()) }
    }

    /// - Returns: for ``remove(_:)``.
    @discardableResult
    package func set(_ trap: Trap) -> Int {
        state.withLock { state in
            state.nextTrap += 1
            state.traps[state.nextTrap] = trap
            return state.nextTrap
        }
    }

    /// - Returns: false when it has sprung.
    @discardableResult
    package func remove(_ trap: Int) -> Bool { state.withLock { $0.traps.removeValue(forKey: trap) != nil } }

    /// Breaks every connection.
    package func breakAll() {
        let channels = state.withLock { state in
            state.tally.broken += state.channels.count / 2
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
    }

    // MARK: For the connections

    private func accepted(_ client: any Channel) -> EventLoopFuture<Void> {
        let isRefused = state.withLock { state in
            if state.weather == .refusing { state.tally.refused += 1 }
            return state.weather == .refusing
        }
        if isRefused { return client.close() }
        let bootstrap = ClientBootstrap(group: client.eventLoop).channelInitializer { server in
            server.eventLoop.makeCompletedFuture {
                try server.pipeline.syncOperations.addHandler(Pump(.answer, to: client, of: self))
            }
        }
        let server =
            switch upstream {
            case .tcp(let port): bootstrap.connect(host: "127.0.0.1", port: port)
            case .unixSocket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        return server.flatMapThrowing { server in
            try client.pipeline.syncOperations.addHandler(Pump(.request, to: server, of: self))
            self.state.withLock { state in
                for channel in [client, server] { state.channels[ObjectIdentifier(channel)] = channel }
            }
        }
    }

    fileprivate func closed(_ channel: any Channel) {
        state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    fileprivate var weather: Weather { state.withLock { $0.weather } }

    /// Leaves what is held, and the end behind it, for when the weather changes.
    ///
    /// - Returns: false when nothing is held this way.
    fileprivate func leave(_ direction: Direction, rest: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.weather == .holding(direction) else { return false }
            state.rests.append(rest)
            return true
        }
    }

    fileprivate enum Verdict { case pass, hold, delay(TimeAmount), spring(Trap) }

    fileprivate func judge(_ direction: Direction) -> Verdict {
        state.withLock { state in
            state.tally.parts += 1
            for (number, trap) in state.traps where trap.direction == direction {
                guard trap.skip == 0 else {
                    state.traps[number]?.skip -= 1
                    continue
                }
                state.traps[number] = nil
                if trap.bytes != nil { state.tally.broken += 1 }
                return .spring(trap)
            }
            switch state.weather {
            case .clear, .refusing: return .pass
            case .holding(let held): return held == direction ? .hold : .pass
            case .slow(let delay): return .delay(delay)
            }
        }
    }
}

private struct WeatherChange: Sendable {}

/// Passes on what one channel of a pair reads, and its end. Belongs to its event loop, which both share.
private final class Pump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let direction: FaultProxy.Direction
    private let partner: any Channel
    private let proxy: FaultProxy
    private var held: [ByteBuffer] = []
    private var hasEnded = false
    /// Parts that come later, and when the last of them does.
    private var delayed = 0
    private var lastDue = NIODeadline.now()

    init(_ direction: FaultProxy.Direction, to partner: any Channel, of proxy: FaultProxy) {
        self.direction = direction
        self.partner = partner
        self.proxy = proxy
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        switch proxy.judge(direction) {
        case .pass where held.isEmpty: delay(part, by: .zero, context)
        case .pass, .hold: held.append(part)
        case .delay(let time): delay(part, by: time, context)
        case .spring(let trap) where trap.bytes == nil:
            trap.deed()
            delay(part, by: .zero, context)
        case .spring(let trap):
            if let some = part.readSlice(length: min(trap.bytes ?? 0, part.readableBytes)), some.readableBytes > 0 {
                partner.writeAndFlush(some, promise: nil)
            }
            trap.deed()
            context.close(promise: nil)
        }
    }

    /// In order, also when the weather has become better meanwhile.
    private func delay(_ part: ByteBuffer, by time: TimeAmount, _ context: ChannelHandlerContext) {
        guard delayed > 0 || time > .zero else { return partner.writeAndFlush(part, promise: nil) }
        lastDue = max(lastDue, NIODeadline.now() + time)
        delayed += 1
        context.eventLoop.assumeIsolated().scheduleTask(deadline: lastDue) {
            self.delayed -= 1
            self.partner.writeAndFlush(part, promise: nil)
            if self.delayed == 0, self.hasEnded { self.partner.close(promise: nil) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is WeatherChange else { return context.fireUserInboundEventTriggered(event) }
        if proxy.weather != .holding(direction) { release() }
    }

    private func release() {
        for part in held { partner.writeAndFlush(part, promise: nil) }
        held = []
        if hasEnded, delayed == 0 { partner.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        proxy.closed(context.channel)
        let (bound, loop) = (NIOLoopBound(self, eventLoop: context.eventLoop), context.eventLoop)
        if !proxy.leave(direction, rest: { loop.execute { bound.value.release() } }) { release() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)  // Reset by one side: the other sees the end.
    }
}
