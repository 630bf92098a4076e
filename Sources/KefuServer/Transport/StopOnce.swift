import Synchronization

/// Begins a shutdown, once, whoever asks first.
final class StopOnce: Sendable {
    private let called = Atomic<Bool>(false)
    private let drain: DrainSignal
    private let action: @Sendable () -> Void

    init(drain: DrainSignal, action: @escaping @Sendable () -> Void) {
        self.drain = drain
        self.action = action
    }

    var wasCalled: Bool { called.load(ordering: .relaxed) }

    func callAsFunction() {
        guard !called.exchange(true, ordering: .relaxed) else { return }
        drain.begin()
        action()
    }
}
