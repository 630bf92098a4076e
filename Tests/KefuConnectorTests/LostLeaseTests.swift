import KefuCore
import KefuSocket
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import KefuConnector

/// Without the lease, and on the way out, nothing more is said to the platform.
@Suite struct LostLeaseTests {
    private let holding = ConnectorHolding(token: 7, until: .now.advanced(by: .seconds(600)))
    private let dialect: ContractDialect

    init() throws {
        let zone = try #require(TimeZoneRules(name: "UTC"))
        dialect = ContractDialect(reader: RequestReader(timeZone: zone, eventLog: .zero), formatTime: { "\($0)" })
    }

    /// Dials, and has the test do something once the platform has heard the handshake.
    private func dial(
        _ platform: SilentPlatform, then act: (Task<OpenSocket, any Error>) async throws -> Void
    ) async throws -> Result<OpenSocket, any Error> {
        let address = try #require(ConnectorAddress("ws://127.0.0.1:\(platform.port)/"))
        var options = ConnectorOptions(address: address)
        options.hello = Array("hello".utf8)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let dialer = try Dialer(
            options, eventLoop: loop, executor: LoopExecutor(loop), dialect: dialect, logger: Logger(label: "test"))
        let task = Task { [holding] in try await dialer.dial(holding, intake: NoIntake()) }
        try await eventually("the handshake is heard") { platform.handshake.hasSuffix("\r\n\r\n") }
        try await act(task)
        return await task.result
    }

    @Test func `A handshake under way ends with the task that waits for it`() async throws {
        let platform = try await SilentPlatform.start()
        let result = try await dial(platform) { $0.cancel() }
        #expect(throws: ConnectorFailure.abandoned) { try result.get() }
        try await eventually("the connection is closed") { platform.isClosed }
        try await platform.stop()
    }

    @Test func `A lease that was lost during the handshake brings no opening frame`() async throws {
        let platform = try await SilentPlatform.start()
        let result = try await dial(platform) { _ in
            holding.lose()
            try await platform.accept()
        }
        #expect(throws: ConnectorFailure.abandoned) { try result.get() }
        try await eventually("the connection is closed") { platform.isClosed }
        #expect(platform.frameBytes == 0)
        try await platform.stop()
    }

    @Test func `An action is not sent without the lease, whatever the task's own lease says`() async throws {
        let platform = try await SilentPlatform.start()
        let socket = try await dial(platform) { _ in try await platform.accept() }.get()
        let gateway = SocketGateway(dialect: dialect, timeout: .seconds(60))
        gateway.use(socket, holding)
        try await eventually("the opening frame is heard") { platform.frameBytes == 11 }
        holding.lose()
        let begun = Atomic(false)
        let request = ActionRequest(
            taskID: "T1", generation: 1, attempt: 1, action: Action(kind: .sendMessage, message: "x"),
            customer: Customer(id: "c1"), triggerEventJSON: nil,
            maySend: {
                begun.store(true, ordering: .relaxed)
                return true
            })
        #expect(await gateway.send(request).answer == .notSent)
        let hasBegun = begun.load(ordering: .relaxed)
        #expect(!hasBegun)
        socket.drop()
        try await eventually("the connection is closed") { platform.isClosed }
        #expect(platform.frameBytes == 11)
        try await platform.stop()
    }
}

private struct NoIntake: SocketIntake {
    func take(_ events: [CustomerEvent], from peer: SocketPresence) async -> [EventOutcome]? { nil }
}

/// Runs jobs on the connection's event loop.
private final class LoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
