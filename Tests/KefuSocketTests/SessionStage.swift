import KefuCore
import Logging
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Synchronization

@testable import KefuSocket

/// A session of Kefu's own connection whose time, peer and store are the test's. Belongs to the test's thread.
final class SessionStage {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let session: SocketSession
    let intake = HeldIntake()
    private let executor = ManualExecutor()

    /// - Parameter before: stands between the session and the socket.
    init(_ limits: SocketLimits = SocketLimits(), before: [any ChannelHandler] = []) throws {
        session = SocketSession(
            role: .client, dialect: PlainDialect(), intake: intake, executor: executor, limits: limits,
            logger: Logger(label: "test"))
        channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandlers(before + [session])
    }

    /// The peer says it, and the channel asks for more.
    func hear(_ texts: String...) throws {
        for text in texts {
            try channel.writeInbound(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
        }
        channel.read()
    }

    /// How many frames have left since it was asked last.
    func written() throws -> Int {
        var count = 0
        while try channel.readOutbound(as: ByteBuffer.self) != nil { count += 1 }
        return count
    }

    /// The store has taken all, or the session is told that it has not.
    func answer(_ isTaken: Bool = true) {
        executor.run()
        intake.answer(isTaken)
        executor.run()
    }

    /// Lets the intake begin what it was given.
    func begin() { executor.run() }
}

/// Holds batches until it is told what became of them.
final class HeldIntake: SocketIntake {
    private struct State {
        var waiting: [CheckedContinuation<Bool, Never>] = []
        var peer: SocketPresence?
    }

    private let state = Mutex(State())

    var peer: SocketPresence? { state.withLock { $0.peer } }

    func take(_ events: [CustomerEvent], from peer: SocketPresence) async -> [EventOutcome]? {
        let isTaken = await withCheckedContinuation { continuation in
            state.withLock { state in
                state.peer = peer
                state.waiting.append(continuation)
            }
        }
        return isTaken ? events.map { _ in .taken(MatchOutcome(matched: [], duplicate: false)) } : nil
    }

    func answer(_ isTaken: Bool) {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: isTaken) }
    }
}

/// Runs jobs when the test says so, on the test's thread.
private final class ManualExecutor: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    func run() {
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}

/// `?id` answers an action, everything else is an event.
private struct PlainDialect: PlatformDialect {
    func read(_ frame: UnsafeRawBufferPointer) -> IncomingFrame {
        let text = String(decoding: frame, as: UTF8.self)
        if text.hasPrefix("?") { return .answer(ActionAnswer(id: String(text.dropFirst()), frame: Array(frame))) }
        let event = CustomerEvent(kind: .message, customerID: text, recordJSON: "{}")
        return .events(EventFrame(events: [BatchItem(id: text, result: .success(event))]))
    }

    func acknowledgements(of frame: EventFrame, outcomes: [EventOutcome]) -> [[UInt8]] { outcomes.map { _ in [] } }

    func actionFrame(_ request: ActionRequest, id: String) throws(InputError) -> [UInt8] { [] }

    func verdict(on answer: ActionAnswer, to kind: ActionKind) -> ActionVerdict {
        ActionVerdict(answer: .accepted(resultJSON: nil))
    }
}
