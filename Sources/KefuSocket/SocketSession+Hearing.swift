import NIOCore

/// When a connection was not read, because too much of it waits for the store: what its peer said meanwhile cannot have
/// been heard, and its silence means nothing.
struct Deafness {
    private var since: NIODeadline?
    private var endedAt = NIODeadline.distantPast

    var isNow: Bool { since != nil }

    mutating func begin(at now: NIODeadline) { since = since ?? now }

    mutating func end(at now: NIODeadline) {
        since = nil
        endedAt = now
    }

    /// Of the present spell.
    func length(at now: NIODeadline) -> TimeAmount { since.map { now - $0 } ?? .zero }

    /// Since when all has been heard.
    func heardSince(at now: NIODeadline) -> NIODeadline { isNow ? now : endedAt }
}

// Whether actions can go out: the connection is open, and answers are heard.
extension SocketSession {
    /// By the event loop's clock.
    var now: NIODeadline { eventLoop?.now ?? .now() }

    private var isUp: Bool { phase == .open && deafness.length(at: now) < TimeAmount(limits.deafness) }

    /// Tells at once, and whenever it changes, whether actions can go out. Once they cannot because the connection has
    /// gone, nothing more is told. On the event loop.
    package func watch(_ told: @escaping (Bool) -> Void) {
        let isUp = isUp
        if phase != .closed { watcher = (isUp, told) }
        told(isUp)
    }

    func tellStanding() {
        guard let (wasUp, told) = watcher else { return }
        let isUp = isUp
        // The watcher may know the session.
        watcher = phase == .closed ? nil : (isUp, told)
        if isUp != wasUp { told(isUp) }
    }
}
