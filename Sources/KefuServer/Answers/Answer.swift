import KefuCore

/// A complete answer, JSON unless it says otherwise, before the connection's own fields are added.
package struct Answer: Sendable {
    package var status: Int
    package var body: [UInt8]
    package var contentType: StaticString = "application/json"
    /// Header lines of its own, each with its CRLF, in the place of `Cache-Control: no-store`.
    package var fields: String?
    /// What follows the head in the place of `body`, with a length that nobody knows.
    package var live: LiveBody?
    /// The value of `Retry-After`, in seconds.
    package var retryAfterSeconds: Int?
    /// The value of `Allow`.
    package var allow: String?
    /// What really happened when this is, or in a batch holds, a failure; for the log only.
    package var cause: String?
    /// Whether the cause is a defect of ours.
    package var isDefect = false

    /// `{"code": 200, "message": …, "data": …}`.
    ///
    /// - Parameter data: writes exactly one value.
    package static func success(
        _ message: StaticString, capacity: Int = 256, data: (inout JSONWriter) -> Void
    ) -> Answer {
        var writer = JSONWriter(capacity: capacity)
        writer.beginObject()
        writer.key("code")
        writer.int(200)
        writer.key("message")
        writer.string(utf8: UnsafeBufferPointer(start: message.utf8Start, count: message.utf8CodeUnitCount))
        writer.key("data")
        data(&writer)
        writer.endObject()
        return Answer(status: 200, body: writer.bytes)
    }

    /// The envelope of an error.
    ///
    /// - Parameter data: writes `data` where an error tells more than a conflict's state.
    package static func failure(_ error: APIError, data: ((inout JSONWriter) -> Void)? = nil) -> Answer {
        var writer = JSONWriter(capacity: 320)
        writer.beginObject()
        writer.key("code")
        writer.int(error.status)
        writer.key("message")
        writer.string(error.message)
        writer.key("data")
        if let data { data(&writer) } else { writer.conflict(error.conflict) }
        writer.key("error")
        writer.error(error)
        writer.endObject()
        return Answer(
            status: error.status, body: writer.bytes, retryAfterSeconds: error.retryAfterSeconds, allow: error.allow,
            cause: error.cause, isDefect: error.kind == .internal)
    }

    /// Keeps the first defect among a batch's results for the log.
    mutating func note<Outcome>(_ results: [Result<Outcome, StoreError>]) {
        for case .failure(.defect(let cause)) in results {
            self.cause = cause
            isDefect = true
            return
        }
    }
}

extension JSONWriter {
    /// The value of `error`, in an envelope or in a batch's entry.
    mutating func error(_ error: APIError) {
        beginObject()
        key("type")
        string(error.kind.rawValue)
        if let field = error.field {
            key("field")
            string(field)
        }
        key("detail")
        string(error.detail)
        endObject()
    }

    fileprivate mutating func conflict(_ conflict: (status: TaskStatus, cancelRequested: Bool?)?) {
        guard let conflict else { return null() }
        beginObject()
        key("status")
        string(conflict.status.rawValue)
        if let cancelRequested = conflict.cancelRequested {
            key("cancel_requested")
            bool(cancelRequested)
        }
        endObject()
    }
}
