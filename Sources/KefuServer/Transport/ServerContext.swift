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
    let keepAlive: TimeAmount
    let linger: TimeAmount
    let idleGrace: TimeAmount
    let shutdownGrace: TimeAmount

    init(_ limits: ServerLimits) {
        headers = TimeAmount(limits.headerDeadline)
        request = TimeAmount(limits.requestDeadline)
        answer = TimeAmount(limits.answerDeadline)
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

    init(_ eventLoop: any EventLoop, _ limits: ServerLimits) {
        executor = LoopExecutor(eventLoop)
        let places = limits.socketBatches
        turns = .makeBoxSendingValue(SocketTurns(places: places, on: eventLoop), eventLoop: eventLoop)
        date = .makeBoxSendingValue(DateField(), eventLoop: eventLoop)
    }
}
