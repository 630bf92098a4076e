/// All that senders, gateway and callback server saw of one chapter, and beside it what Redis says in the end.
///
/// Moments are milliseconds of this machine's wall clock, which is Redis's too; what is only compared among senders
/// and peers is taken from one monotonic clock and put on that scale once.
struct History: Sendable {
    /// What each task is, as its sender meant it.
    var promises: [String: Promise] = [:]
    /// What each event is, by its id.
    var happenings: [String: Happening] = [:]
    /// In order of their ends.
    var calls: [Call] = []
    /// In order of arrival.
    var sendings: [Sending] = []
    var deliveries: [Delivery] = []
    /// Every change of state, from Redis, in order.
    var changes: [Change] = []
    /// The length of a lease, ms.
    var leaseMs: Int64 = 1000
    /// How many there were, to know that none is missing.
    var changesMade = 0
    /// The tasks' records at the end.
    var records: [String: [String: String]] = [:]
    var deaths: [Death] = []
    var faults: [Injection] = []
    /// What nobody should ever have seen, such as an answer with status 500.
    var oddities: [String] = []
}

/// A task as its sender knows it.
struct Promise: Sendable {
    var id: String
    var customer: String
    var priority = "normal"
    var maxRetry = 10
    /// Whether nothing but its trigger or its sender can end it: its deadline is far.
    var isPatient = true
    /// Ids of the events that may fire it; `time` for a time, `manual` for its sender.
    var triggers: Set<String> = []
    /// For `time_reach`, ms.
    var due: Int64?
    /// Whether the gateway refuses its action.
    var isRefused = false
    /// Whether its sender posted it more than once at a time.
    var isSentTwiceAtOnce = false
}

struct Happening: Sendable {
    var id: String
    var customer: String
    /// Tasks of a generation that it must have fired once it is answered with 200: nothing else could end them.
    var mustFire: [TaskTurn] = []
}

/// A generation of a task: what is promised anew when a cancelled task is issued again.
struct TaskTurn: Sendable, Hashable {
    var task: String
    var generation: Int
}

/// One request of a sender and what it learned.
struct Call: Sendable {
    enum Kind: String, Sendable { case receive, cancel, event, fire }

    enum Outcome: Sendable, Equatable {
        case accepted(generation: Int)
        case duplicate
        case cancelled
        /// 409.
        case conflict(status: String, cancelRequested: Bool)
        case matched([String], duplicate: Bool)
        case fired
        /// Refused, and said to have changed nothing.
        case unchanged
        /// No answer, or one that says so.
        case unknown
    }

    var kind: Kind
    /// Of the task, or of the event.
    var subject: String
    /// That its sender thinks the task is in; 0 for events.
    var generation: Int
    var instance: String
    var invoked: Double
    var ended: Double
    var outcome: Outcome
}

/// A request that the gateway got.
struct Sending: Sendable {
    var turn: TaskTurn
    var attempt: Int
    var key: String
    var customer: String
    /// Of the event that it says has fired it; its type when the event had none.
    var event: String?
    /// The customer that this event came from, as the event itself says.
    var eventCustomer: String?
    var instance: String
    var at: Double
    /// What it was answered, 0 when it was not answered as HTTP.
    var answer: Int
}

/// A request that the callback server got.
struct Delivery: Sendable {
    var id: String
    var turn: TaskTurn
    var status: String
    /// When the state was reached, ms.
    var of: Int64
    var body: String
    var at: Double
    var isAccepted: Bool
}

/// An entry of `changes`.
struct Change: Sendable {
    var turn: TaskTurn
    var status: String
    var cause: String
    /// ms.
    var at: Int64
    var customer: String
}

/// A fault, and when it was there, ms.
struct Injection: Sendable {
    var name: String
    var start: Double
    var end: Double
}

/// An instance killed while it held tasks.
struct Death: Sendable {
    var instance: String
    /// ms.
    var at: Int64
    /// Whether nothing else was wrong until its tasks were to be taken over.
    var isAlone: Bool
    var held: Set<String>
}
