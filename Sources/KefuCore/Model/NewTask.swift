/// A validated task as a sender posted it, with every default filled in.
package struct NewTask: Sendable, Equatable {
    /// 1–128 bytes, NFC, no white space or invisible character.
    package var id: String
    /// A free label of the sender, 1–64 bytes.
    package var type: String
    package var customer: Customer
    /// What it waits for; the first of several.
    package var trigger: Trigger
    /// The others, 0–7: the first of all to be met fires the task and disarms the rest.
    package var otherTriggers: [Trigger]
    package var action: Action
    package var priority: Priority
    /// In milliseconds, from acceptance or, for `time_reach`, from the trigger's time.
    package var timeoutMs: Int64
    /// The same as the sender wrote it, in hours; shown, never computed with.
    package var timeoutHours: String
    /// Retries after the first attempt, 0–10.
    package var maxRetry: Int
    package var createdBy: String?
    /// A digest of all known fields with their defaults: two posts of one id with equal digests are the same task.
    package var contentDigest: String
    /// The trace of the request that brought it; no part of the content.
    package var trace: TraceParent?

    package init(
        id: String, type: String, customer: Customer, trigger: Trigger, otherTriggers: [Trigger] = [], action: Action,
        priority: Priority = .normal,
        timeoutMs: Int64 = 86_400_000, timeoutHours: String = "24", maxRetry: Int = 3, createdBy: String? = nil,
        contentDigest: String
    ) {
        self.id = id
        self.type = type
        self.customer = customer
        self.trigger = trigger
        self.otherTriggers = otherTriggers
        self.action = action
        self.priority = priority
        self.timeoutMs = timeoutMs
        self.timeoutHours = timeoutHours
        self.maxRetry = maxRetry
        self.createdBy = createdBy
        self.contentDigest = contentDigest
    }

    /// All of them, in the order in which they were sent.
    package var triggers: [Trigger] { [trigger] + otherTriggers }

    /// Whether the step that accepts it may fire it: by a time that has passed, or by an event that came before it.
    package var mayFireAtOnce: Bool {
        trigger.mayFireAtOnce || otherTriggers.contains(where: \.mayFireAtOnce)
    }
}

package struct Customer: Sendable, Equatable {
    package var id: String
    package var name: String?

    package init(id: String, name: String? = nil) {
        self.id = id
        self.name = name
    }
}

/// What a task waits for. Texts are kept as sent, and beside them normalized as `match` compares them.
package struct Trigger: Sendable, Equatable {
    package var kind: TriggerKind
    /// `trigger.keyword` as sent.
    package var keyword: String?
    /// `trigger.keywords` as sent.
    package var keywords: [String] = []
    package var match: MatchMode = .contains
    package var exclude: [String] = []
    /// Both `keyword` and `keywords`, normalized (and for `exact` trimmed of punctuation), without repeats.
    package var normalizedKeywords: [String] = []
    /// Normalized, always compared as substrings.
    package var normalizedExclude: [String] = []
    /// All must hold on the event's `data`.
    package var conditions: [Condition] = []
    /// `trigger.where` as sent, compact JSON; nil without conditions.
    package var whereJSON: String?
    /// `time_reach`: epoch milliseconds.
    package var timeMs: Int64?
    /// `custom_event`: the name of the event.
    package var eventName: String?
    /// An event that came up to so long before the task fires it, too. 0: only those that come after it.
    package var lookbackMs: Int64 = 0

    package init(kind: TriggerKind) { self.kind = kind }

    fileprivate var mayFireAtOnce: Bool { kind == .timeReach || lookbackMs > 0 }
}

/// One test of one field of an event's `data`.
package struct Condition: Sendable, Equatable {
    package enum Operator: String, Sendable, CaseIterable {
        case equal = "eq"
        case notEqual = "ne"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
        case isIn = "in"
        case exists
    }

    package var field: String
    package var `operator`: Operator
    /// One value, or several for `in`.
    package var operands: [Scalar]

    package init(field: String, operator: Operator, operands: [Scalar]) {
        self.field = field
        self.operator = `operator`
        self.operands = operands
    }
}

/// A JSON value that conditions can compare.
package enum Scalar: Sendable, Equatable {
    case string(String)
    /// Compared as IEEE doubles; always finite.
    case number(Double)
    case bool(Bool)
}

/// What is sent to the customer once the trigger has fired.
package struct Action: Sendable, Equatable {
    package var kind: ActionKind
    package var message: String?
    package var fileURL: String?
    package var url: String?

    package init(kind: ActionKind, message: String? = nil, fileURL: String? = nil, url: String? = nil) {
        self.kind = kind
        self.message = message
        self.fileURL = fileURL
        self.url = url
    }
}
