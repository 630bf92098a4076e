// A callback on its way: what the store hands out, what the transport delivers, what the store is told of it.

/// The contents of one callback, the same at every delivery.
package struct Callback: Sendable, Equatable {
    /// Opaque, letters, digits, `_` only.
    package var id: String
    package var taskID: String
    package var status: TaskStatus
    package var error: String?
    package var errorCode: String?
    package var atMs: Int64
    package var generation: Int
    package var taskAttempts: Int
    package var customerID: String
    package var resultJSON: String?
    /// The task's own.
    package var trace: TraceParent?

    package init(
        id: String, taskID: String, status: TaskStatus, error: String? = nil, errorCode: String? = nil, atMs: Int64,
        generation: Int, taskAttempts: Int, customerID: String, resultJSON: String? = nil,
        trace: TraceParent? = nil
    ) {
        self.id = id
        self.taskID = taskID
        self.status = status
        self.error = error
        self.errorCode = errorCode
        self.atMs = atMs
        self.generation = generation
        self.taskAttempts = taskAttempts
        self.customerID = customerID
        self.resultJSON = resultJSON
        self.trace = trace
    }
}

/// A due callback that this instance is to deliver.
package struct ClaimedCallback: Sendable, Equatable {
    package var callback: Callback
    /// Deliveries begun before this one.
    package var earlierDeliveries: Int
    /// The claim's fencing token: its score in the outbox, epoch milliseconds.
    package var claimedUntilMs: Int64

    package init(callback: Callback, earlierDeliveries: Int, claimedUntilMs: Int64) {
        self.callback = callback
        self.earlierDeliveries = earlierDeliveries
        self.claimedUntilMs = claimedUntilMs
    }
}

package struct CallbackSettlement: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case delivered
        /// Tried again after `pause`, unless it is older than a day: then kept in the dead list.
        case failed(error: String, pause: Duration)
        /// Not tried: back to the outbox at once, as if never claimed.
        case released
    }

    package var verdict: Verdict
    /// nil without an answer.
    package var httpStatus: Int?
    package var duration: Duration

    package init(_ verdict: Verdict, httpStatus: Int? = nil, duration: Duration) {
        self.verdict = verdict
        self.httpStatus = httpStatus
        self.duration = duration
    }

    package static let released = CallbackSettlement(.released, duration: .zero)
}
