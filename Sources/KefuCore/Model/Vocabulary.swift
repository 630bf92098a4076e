// The closed word lists of the contract. Raw values are the words on the wire and in Redis.

/// Where a task stands. `pending` is only ever told to the sender at acceptance: storing and arming are one step.
package enum TaskStatus: String, Sendable, CaseIterable {
    case pending, waiting, running, completed, failed, cancelled

    /// Whether no transition leaves this state by itself.
    package var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }
}

/// Strict: every ready `urgent` task is claimed before any `high` one, and those before any `normal` one.
package enum Priority: String, Sendable, CaseIterable {
    case urgent, high, normal
}

/// What a task waits for.
package enum TriggerKind: String, Sendable, CaseIterable {
    case customerReply = "customer_reply"
    case customerKeyword = "customer_keyword"
    case customerPayment = "customer_payment"
    case customerOrder = "customer_order"
    case timeReach = "time_reach"
    case customEvent = "custom_event"
}

/// How the keywords of a message trigger are compared with the text.
package enum MatchMode: String, Sendable, CaseIterable {
    /// Any keyword appears somewhere in the text.
    case contains
    /// Any keyword is the whole text, ends trimmed of spaces and punctuation.
    case exact
    /// Every keyword appears somewhere in the text.
    case all
}

/// What is sent to the customer.
package enum ActionKind: String, Sendable, CaseIterable {
    case sendMessage = "send_message"
    case sendFile = "send_file"
    case sendLink = "send_link"
}

/// What a customer did. Triggers of one kind listen to events of one kind.
package enum EventKind: String, Sendable, CaseIterable {
    case message = "customer_message"
    case payment = "customer_payment"
    case order = "customer_order"
    case custom = "custom_event"
}

/// Why a task is pausing or has failed.
package enum ErrorCode: String, Sendable, CaseIterable {
    /// The deadline passed before a trigger fired.
    case timeout
    /// The gateway answered with a status that asking again will not change.
    case gatewayRejected = "gateway_rejected"
    /// No answer: refused, broken or timed-out connection.
    case gatewayUnreachable = "gateway_unreachable"
    /// The gateway answered 408, 425, 429 or 5xx.
    case gatewayError = "gateway_error"
    /// Too many instances died or stalled while holding the task.
    case lost
    /// The last allowed attempt failed as well.
    case retriesExhausted = "retries_exhausted"
}
