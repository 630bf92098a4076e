import NIOCore

/// The body of an answer that goes on until one side ends it.
package struct LiveBody: Sendable {
    enum End: Sendable {
        /// Nobody reads any more.
        case gone
        /// The server stops.
        case closing
    }

    /// Writes the body, in the request's own task on the connection's event loop; the answer ends when it returns.
    /// Called exactly once, also when nobody reads any more.
    let run: @Sendable (LiveWriter) async -> Void
    /// Called on the connection's event loop; ``run`` is to return soon.
    let end: @Sendable (End) -> Void
}

/// Where a live body is written to.
struct LiveWriter: Sendable {
    let connection: NIOLoopBound<HTTPConnection>

    /// Sends a part, and waits while the reader takes less than comes: at most ``ServerLimits/answerDeadline``, then
    /// the connection is cut. To be called on the connection's event loop.
    ///
    /// - Returns: false when nobody reads any more.
    func write(_ part: ByteBuffer) async -> Bool {
        switch connection.value.writeLive(part) {
        case .sent: true
        case .gone: false
        case .full: await withCheckedContinuation { connection.value.waitForReader($0) }
        }
    }
}
