import NIOCore

/// The one deadline of a connection. Moving it later costs nothing: the callback finds out when it fires and sleeps
/// on. Belongs to its connection's event loop.
final class ConnectionTimer: NIOScheduledCallbackHandler {
    private let eventLoop: any EventLoop
    private var callback: NIOScheduledCallback?
    private var firesAt = NIODeadline.distantFuture
    private var deadline = NIODeadline.distantFuture
    /// No deadline may lie behind this one.
    private var last = NIODeadline.distantFuture
    private var expired: (() -> Void)?

    init(eventLoop: any EventLoop, expired: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.expired = expired
    }

    func expire(at time: NIODeadline) {
        deadline = min(time, last)
        guard deadline < firesAt else { return }
        callback?.cancel()
        schedule()
    }

    /// Caps the present deadline and all later ones.
    func expireAll(at time: NIODeadline) {
        last = time
        expire(at: deadline)
    }

    func stop() {
        callback?.cancel()
        callback = nil
        expired = nil
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        callback = nil
        firesAt = .distantFuture
        if deadline <= .now() {
            deadline = .distantFuture
            expired?()
        } else if deadline < .distantFuture {
            schedule()
        }
    }

    private func schedule() {
        firesAt = deadline
        // It fails only on a loop that has ended, and then the connection has, too.
        callback = try? eventLoop.assumeIsolated().scheduleCallback(at: deadline, handler: self)
    }
}
