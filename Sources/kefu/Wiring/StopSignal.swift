import Synchronization
import UnixSignals

/// SIGTERM and SIGINT, heard from the first moment of the process on and not only once its services run: a start that
/// is called off leaves no Redis behind. The first one counts; those that follow change nothing. Safe from any thread.
final class StopSignal: Sendable {
    private struct State {
        var isTold = false
        var action: @Sendable () -> Void = {}
    }

    private let state = Mutex(State())

    /// Listens from now on, for as long as the process lives.
    static func listen() async -> StopSignal {
        let stop = StopSignal()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        // Beside everything else until the process ends: who waits for it ends with it.
        Task { for await _ in signals { stop.tell() } }
        return stop
    }

    var isTold: Bool { state.withLock { $0.isTold } }

    /// What the first signal does from now on; done at once when it has come already.
    func whenTold(_ action: @escaping @Sendable () -> Void) {
        let isTold = state.withLock { state in
            state.action = action
            return state.isTold
        }
        if isTold { action() }
    }

    func tell() {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            defer { state.isTold = true }
            return state.isTold ? nil : state.action
        }
        action?()
    }
}
