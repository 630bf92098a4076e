// What engineers and dashboards ask of the store.

/// A page of tasks, newest first by acceptance, then id. All filters must hold.
package struct ListQuery: Sendable, Equatable {
    package var status: TaskStatus?
    /// The only task to look at, whatever else is asked for.
    package var taskID: String?
    package var customerID: String?
    package var type: String?
    package var priority: Priority?
    package var createdBy: String?
    /// Part of an id, of the customer's name, a keyword or the message, compared byte by byte.
    package var text: String?
    /// 1–500.
    package var limit = 50
    package var after: Cursor?

    /// The last record that the page before looked at.
    package struct Cursor: Sendable, Equatable {
        package var createdAtMs: Int64
        package var taskID: String

        package init(createdAtMs: Int64, taskID: String) {
            self.createdAtMs = createdAtMs
            self.taskID = taskID
        }
    }

    package init() {}
}

package struct TaskPage: Sendable, Equatable {
    package var tasks: [TaskRecord]
    /// nil at the end.
    package var next: ListQuery.Cursor?

    package init(tasks: [TaskRecord], next: ListQuery.Cursor?) {
        self.tasks = tasks
        self.next = next
    }
}

package struct StoreStats: Sendable, Equatable {
    package struct Instance: Sendable, Equatable {
        package var id: String
        package var host: String
        package var version: String
        package var startedAtMs: Int64
        package var lastSeenMs: Int64
        package var running: Int

        package init(id: String, host: String, version: String, startedAtMs: Int64, lastSeenMs: Int64, running: Int) {
            self.id = id
            self.host = host
            self.version = version
            self.startedAtMs = startedAtMs
            self.lastSeenMs = lastSeenMs
            self.running = running
        }
    }

    /// All six states; `pending` is always 0.
    package var byStatus: [TaskStatus: Int] = [:]
    /// Of unfinished tasks.
    package var byPriority: [Priority: Int] = [:]
    /// Of unfinished tasks.
    package var byTrigger: [TriggerKind: Int] = [:]
    package var armed = 0
    package var scheduled = 0
    package var ready: [Priority: Int] = [:]
    package var retrying = 0
    package var running = 0
    package var callbacks = 0
    package var callbacksDead = 0
    /// How long the oldest ready task has waited; nil when none is ready.
    package var oldestReadyMs: Int64?
    package var instances: [Instance] = []
    package var lastMinute: [Counter: Int] = [:]
    package var lastHour: [Counter: Int] = [:]

    package init() {}
}

/// What is counted per minute.
package enum Counter: String, Sendable, CaseIterable {
    case received, events, matched, completed, failed, cancelled
    case callbacksDelivered = "callbacks_delivered"
}

package struct CallbackQuery: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case pending, dead
    }

    package var state: State
    /// 1–500.
    package var limit: Int
    package var after: Cursor?

    /// The last callback of the page before: its score and id.
    package struct Cursor: Sendable, Equatable {
        package var scoreMs: Int64
        package var callbackID: String

        package init(scoreMs: Int64, callbackID: String) {
            self.scoreMs = scoreMs
            self.callbackID = callbackID
        }
    }

    package init(state: State = .pending, limit: Int = 50, after: Cursor? = nil) {
        self.state = state
        self.limit = limit
        self.after = after
    }
}

package struct CallbackPage: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var callbackID: String
        package var taskID: String
        package var status: TaskStatus
        /// Deliveries begun.
        package var attempts: Int
        package var lastError: String?
        /// nil in the dead list.
        package var nextAttemptAtMs: Int64?

        package init(
            callbackID: String, taskID: String, status: TaskStatus, attempts: Int, lastError: String?,
            nextAttemptAtMs: Int64?
        ) {
            self.callbackID = callbackID
            self.taskID = taskID
            self.status = status
            self.attempts = attempts
            self.lastError = lastError
            self.nextAttemptAtMs = nextAttemptAtMs
        }
    }

    package var callbacks: [Entry]
    package var next: CallbackQuery.Cursor?

    package init(callbacks: [Entry], next: CallbackQuery.Cursor?) {
        self.callbacks = callbacks
        self.next = next
    }
}

package enum CallbackSelection: Sendable, Equatable {
    case callback(String)
    case task(String)
    case allDead
}
