import KefuCore
import KefuMetrics
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import KefuEngine

/// An executor with fakes around it.
struct Bench {
    let store = FakeStore()
    let gateway: FakeGateway
    let time = ManualTime()
    let alarm: Alarm
    let courier: CallbackCourier
    let executor: Executor
    let cutOffs = CallCounter()
    let registry = MetricsRegistry()
    let log = LogLines()
    static let lease = Duration.seconds(15)
    static let grace = Duration.seconds(20)

    init(capacity: Int = 4, gatewayIsOpen: Bool = true, transport: FakeTransport? = nil, callbackPlaces: Int = 2) {
        gateway = FakeGateway(isOpen: gatewayIsOpen)
        alarm = Alarm(time: time.keeper)
        let logger = log.logger
        let metrics = EngineMetrics(registry)
        let grace = GracePeriod(length: Self.grace, time: time.keeper) { [cutOffs] in cutOffs.add() }
        courier = CallbackCourier(
            store: store, transport: transport, policy: RetryPolicy(), alarm: alarm, grace: grace,
            capacity: callbackPlaces, time: time.keeper, metrics: metrics, logger: logger)
        executor = Executor(
            store: store, gateway: gateway, courier: courier, alarm: alarm, policy: RetryPolicy(),
            terms: LeaseTerms(length: Self.lease), capacity: capacity, grace: grace, time: time.keeper,
            metrics: metrics, logger: logger)
    }

    func task(_ id: String) -> ClaimedTask {
        ClaimedTask(
            lease: Lease(taskID: id, token: "i:\(id)"),
            heldUntil: LeaseTerms(length: Self.lease).heldUntil(sentAt: time.now), generation: 1, attempt: 1,
            retryCount: 0, action: Action(kind: .sendMessage, message: "hi"), customer: Customer(id: "c"),
            triggeredAtMs: 0, triggerEventJSON: nil)
    }

    func tasks(_ count: Int) -> [ClaimedTask] { (0..<count).map { task("T\($0)") } }

    func hand(_ tasks: [ClaimedTask], hasBacklog: Bool = false) {
        let places = executor.reserve(atMost: tasks.count)
        executor.take(Handout(outcome: (), tasks: tasks, hasBacklog: hasBacklog), reserved: places)
    }

    static func callback(_ id: String, earlierDeliveries: Int = 0) -> ClaimedCallback {
        ClaimedCallback(
            callback: Callback(
                id: id, taskID: "T", status: .completed, atMs: 0, generation: 1, taskAttempts: 1, customerID: "c"),
            earlierDeliveries: earlierDeliveries, claimedUntilMs: 1)
    }
}

/// Runs a service while `body` looks at it, then shuts it down gracefully and waits for its end.
func running(_ service: any Service, _ body: (ServiceGroup) async throws -> Void) async throws {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let group = ServiceGroup(services: [service], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do { try await body(group) } catch {
            tasks.cancelAll()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// What was logged: the message, then the fields by name.
final class LogLines: Sendable {
    private let recorded = Mutex<[String]>([])

    var all: [String] { recorded.withLock { $0 } }

    var logger: Logger { Logger(label: "test", factory: { _ in Handler(lines: self) }) }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            lines.recorded.withLock { $0.append("\(event.message)\(fields.joined())") }
        }
    }
}

final class CallCounter: Sendable {
    private let calls = Mutex(0)
    var count: Int { calls.withLock { $0 } }
    func add() { calls.withLock { $0 += 1 } }
}
