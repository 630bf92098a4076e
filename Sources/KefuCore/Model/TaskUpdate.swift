/// What an operator wants changed of a task that has not fired; nil stays as it is. At least one thing changes.
package struct TaskUpdate: Sendable, Equatable {
    package var taskID: String
    /// Epoch milliseconds: from then on the time of every `time_reach` that the task waits for.
    package var timeMs: Int64?
    package var timeout: Timeout?
    package var priority: Priority?
    /// ≤ 4,000 characters; whether it may be empty depends on the task's action.
    package var message: String?

    /// How long the task waits for its trigger.
    package struct Timeout: Sendable, Equatable {
        package var ms: Int64
        /// The same as the sender wrote it, in hours; shown, and what a later change of the time counts with.
        package var hours: String

        package init(ms: Int64, hours: String) {
            self.ms = ms
            self.hours = hours
        }
    }

    package init(
        taskID: String, timeMs: Int64? = nil, timeout: Timeout? = nil, priority: Priority? = nil,
        message: String? = nil
    ) {
        self.taskID = taskID
        self.timeMs = timeMs
        self.timeout = timeout
        self.priority = priority
        self.message = message
    }
}
