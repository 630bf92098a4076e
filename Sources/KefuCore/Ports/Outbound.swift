// The ports to the two peers that Kefu talks to.

/// Sends actions to customers.
package protocol MessageGateway: Sendable {
    /// Makes one attempt: at most one request, never repeated by the transport, bounded in time.
    func send(_ request: ActionRequest) async -> GatewayReport
}

package struct ActionRequest: Sendable {
    package var taskID: String
    package var generation: Int
    package var attempt: Int
    package var action: Action
    package var customer: Customer
    /// JSON with `at` in epoch milliseconds as its first member.
    package var triggerEventJSON: String?
    /// See ``ClaimedTask/trace``.
    package var trace: TraceParent?
    /// Whether the lease still allows a request to begin: asked when the request is queued and right before it is
    /// written. May be called from any thread.
    package var maySend: @Sendable () -> Bool

    package init(
        taskID: String, generation: Int, attempt: Int, action: Action, customer: Customer, triggerEventJSON: String?,
        trace: TraceParent? = nil, maySend: @escaping @Sendable () -> Bool
    ) {
        self.taskID = taskID
        self.generation = generation
        self.attempt = attempt
        self.action = action
        self.customer = customer
        self.triggerEventJSON = triggerEventJSON
        self.trace = trace
        self.maySend = maySend
    }
}

package struct GatewayReport: Sendable, Equatable {
    package enum Answer: Sendable, Equatable {
        /// 2xx; the answer's body when it was JSON of at most 64 KiB.
        case accepted(resultJSON: String?)
        /// A status that asking again will not change.
        case rejected
        /// 408, 425, 429 or 5xx.
        case failed(retryAfter: Duration?)
        /// No answer.
        case unreachable
        /// ``ActionRequest/maySend`` said no: nothing was sent.
        case notSent
    }

    package var answer: Answer
    package var httpStatus: Int?
    /// English, for people; nil when accepted.
    package var error: String?
    package var duration: Duration

    package init(answer: Answer, httpStatus: Int? = nil, error: String? = nil, duration: Duration) {
        self.answer = answer
        self.httpStatus = httpStatus
        self.error = error
        self.duration = duration
    }
}

/// Delivers callbacks to Tianwang.
package protocol CallbackTransport: Sendable {
    /// Makes one delivery, bounded in time.
    func deliver(_ callback: Callback) async -> DeliveryReport
}

package struct DeliveryReport: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case delivered
        case failed(error: String, retryAfter: Duration?)
    }

    package var outcome: Outcome
    /// nil without an answer.
    package var httpStatus: Int?
    package var duration: Duration

    package init(_ outcome: Outcome, httpStatus: Int? = nil, duration: Duration) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.duration = duration
    }
}
