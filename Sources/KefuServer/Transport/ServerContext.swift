import KefuSocket
import Logging
import Metrics
import NIOCore

/// What all connections of a server share.
final class ServerContext: Sendable {
    let check: HeadCheck
    let limits: ServerLimits
    let deadlines: Deadlines
    let admission: Admission
    /// Set first: answers carry `Connection: close`, the health check turns red.
    let drain: DrainSignal
    /// Set when the listener closes: idle connections close, too.
    let stopping = DrainSignal()
    let metrics: ServerMetrics
    let logger: Logger

    init(check: HeadCheck, drain: DrainSignal, metrics factory: any MetricsFactory, logger: Logger) {
        self.check = check
        limits = check.limits
        deadlines = Deadlines(check.limits)
        admission = Admission(limits: check.limits)
        self.drain = drain
        metrics = ServerMetrics(check.router.routes, factory)
        self.logger = logger
    }
}

/// The deadlines of ``ServerLimits`` as the event loop takes them.
struct Deadlines: Sendable {
    let headers: TimeAmount
    let request: TimeAmount
    let answer: TimeAmount
    let patience: TimeAmount
    let keepAlive: TimeAmount
    let linger: TimeAmount
    let idleGrace: TimeAmount
    let shutdownGrace: TimeAmount

    init(_ limits: ServerLimits) {
        headers = TimeAmount(limits.headerDeadline)
        request = TimeAmount(limits.requestDeadline)
        answer = TimeAmount(limits.answerDeadline)
        patience = TimeAmount(limits.patience)
        keepAlive = TimeAmount(limits.keepAlive)
        linger = TimeAmount(limits.lingerDeadline)
        idleGrace = TimeAmount(limits.idleGrace)
        shutdownGrace = TimeAmount(limits.shutdownGrace)
    }
}

/// What all connections of one event loop share.
struct LoopResources: Sendable {
    let executor: LoopExecutor
    let date: NIOLoopBoundBox<DateField>
    let turns: NIOLoopBoundBox<SocketTurns>
    let waiting: NIOLoopBoundBox<WaitingRoom>

    init(_ eventLoop: any EventLoop, _ server: ServerContext) {
        executor = LoopExecutor(eventLoop)
        let places = server.limits.socketBatches
        waiting = .makeBoxSendingValue(
            WaitingRoom(server.admission, patience: server.deadlines.patience, on: eventLoop), eventLoop: eventLoop)
        turns = .makeBoxSendingValue(SocketTurns(places: places, on: eventLoop), eventLoop: eventLoop)
        date = .makeBoxSendingValue(DateField(), eventLoop: eventLoop)
    }
}
