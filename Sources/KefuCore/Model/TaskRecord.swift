/// A stored task, as the store reads it back. Times are epoch milliseconds by Redis's clock.
package struct TaskRecord: Sendable, Equatable {
    package struct FailedAttempt: Sendable, Equatable {
        package var attempt: Int
        package var atMs: Int64
        package var httpStatus: Int?
        package var error: String
        package var durationMs: Int64

        package init(attempt: Int, atMs: Int64, httpStatus: Int?, error: String, durationMs: Int64) {
            self.attempt = attempt
            self.atMs = atMs
            self.httpStatus = httpStatus
            self.error = error
            self.durationMs = durationMs
        }
    }

    /// One delivery of one of the task's callbacks.
    package struct CallbackAttempt: Sendable, Equatable {
        package var callbackID: String
        /// The state that was called back.
        package var status: TaskStatus
        /// From 1, anew after a replay.
        package var attempt: Int
        package var atMs: Int64
        package var httpStatus: Int?
        /// nil when it was delivered.
        package var error: String?
        package var durationMs: Int64

        package init(
            callbackID: String, status: TaskStatus, attempt: Int, atMs: Int64, httpStatus: Int?, error: String?,
            durationMs: Int64
        ) {
            self.callbackID = callbackID
            self.status = status
            self.attempt = attempt
            self.atMs = atMs
            self.httpStatus = httpStatus
            self.error = error
            self.durationMs = durationMs
        }
    }

    package struct TimelineEntry: Sendable, Equatable {
        package var status: TaskStatus
        package var atMs: Int64

        package init(status: TaskStatus, atMs: Int64) {
            self.status = status
            self.atMs = atMs
        }
    }

    package var id: String
    package var type = ""
    package var status = TaskStatus.waiting
    package var customer: Customer
    package var triggerKind = TriggerKind.customerReply
    package var triggerKeyword: String?
    /// A JSON array as sent, or nil.
    package var triggerKeywordsJSON: String?
    package var triggerMatch: String?
    package var triggerExcludeJSON: String?
    package var triggerWhereJSON: String?
    package var triggerTimeMs: Int64?
    package var triggerEventName: String?
    package var triggerLookbackMs: Int64 = 0
    /// A JSON array of all triggers when there are several, times in epoch milliseconds; the fields above show the
    /// first of them.
    package var triggersJSON: String?
    package var action = Action(kind: .sendMessage)
    package var priority = Priority.normal
    package var timeoutHours = "24"
    package var maxRetry = 3
    package var retryCount = 0
    package var attempts = 0
    package var generation = 1
    package var createdAtMs: Int64 = 0
    package var createdBy: String?
    package var deadlineAtMs: Int64?
    /// When an operator last changed it; nil: it is as it was sent.
    package var updatedAtMs: Int64?
    package var triggeredAtMs: Int64?
    package var nextAttemptAtMs: Int64?
    package var completedAtMs: Int64?
    /// JSON with `at` in epoch milliseconds as its first member, or nil.
    package var triggerEventJSON: String?
    package var errorMessage: String?
    package var errorCode: String?
    /// The gateway's JSON answer, or nil.
    package var resultJSON: String?
    package var cancelRequested = false
    package var cancelReason: String?
    /// Of the request that brought it.
    package var trace: TraceParent?
    /// The lease token of the instance that executes it, while `running`.
    package var owner: String?
    package var timeline: [TimelineEntry] = []
    package var failedAttempts: [FailedAttempt] = []
    /// The last ten, oldest first.
    package var callbackAttempts: [CallbackAttempt] = []

    package init(id: String, customer: Customer) {
        self.id = id
        self.customer = customer
    }
}
