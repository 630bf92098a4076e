// Tasks and events as validation hands them on, built by hand.
import KefuCore
import KefuRedis
import Testing

extension NewTask {
    /// - Parameter content: what tells this task from another with its id.
    static func example(
        _ id: String = "T1", of customer: String = "c1", _ trigger: Trigger = .reply(), priority: Priority = .normal,
        or others: [Trigger] = [], timeoutMs: Int64 = 3_600_000, maxRetry: Int = 3, message: String = "谢谢",
        content: String = "d1"
    ) -> NewTask {
        let hours = Double(timeoutMs) / 3_600_000
        return NewTask(
            id: id, type: "greeting", customer: Customer(id: customer), trigger: trigger, otherTriggers: others,
            action: Action(kind: .sendMessage, message: message), priority: priority, timeoutMs: timeoutMs,
            timeoutHours: Int(exactly: hours).map { "\($0)" } ?? "\(hours)", maxRetry: maxRetry, contentDigest: content)
    }
}

extension Trigger {
    static func reply(_ keywords: String..., match: MatchMode = .contains, exclude: [String] = []) -> Trigger {
        var trigger = Trigger(kind: .customerReply)
        trigger.match = match
        trigger.keywords = keywords
        trigger.normalizedKeywords = keywords
        trigger.exclude = exclude
        trigger.normalizedExclude = exclude
        return trigger
    }

    static func keyword(_ keyword: String) -> Trigger {
        var trigger = Trigger(kind: .customerKeyword)
        trigger.keyword = keyword
        trigger.normalizedKeywords = [keyword]
        return trigger
    }

    static func payment(_ conditions: Condition...) -> Trigger { listening(.customerPayment, conditions) }

    static func order(_ conditions: Condition...) -> Trigger { listening(.customerOrder, conditions) }

    static func custom(_ event: String, _ conditions: Condition...) -> Trigger {
        var trigger = listening(.customEvent, conditions)
        trigger.eventName = event
        return trigger
    }

    /// - Parameter offset: milliseconds from ``TestStore/epoch``.
    static func time(_ offset: Int64) -> Trigger {
        var trigger = Trigger(kind: .timeReach)
        trigger.timeMs = TestStore.epoch + offset
        return trigger
    }

    /// The same, fired by an event of so long ago, too.
    func lookingBack(_ milliseconds: Int64 = 60_000) -> Trigger {
        var trigger = self
        trigger.lookbackMs = milliseconds
        return trigger
    }

    private static func listening(_ kind: TriggerKind, _ conditions: [Condition]) -> Trigger {
        var trigger = Trigger(kind: kind)
        trigger.conditions = conditions
        return trigger
    }
}

extension Condition {
    static func when(_ field: String, _ comparison: Operator, _ operands: Scalar...) -> Condition {
        Condition(field: field, operator: comparison, operands: operands)
    }
}

extension CustomerEvent {
    static func message(_ text: String = "好的", from customer: String = "c1", id: String? = nil) -> CustomerEvent {
        CustomerEvent(
            kind: .message, customerID: customer, normalizedText: text, exactText: text, eventID: id,
            recordJSON: #"{"type":"customer_message"}"#)
    }

    /// The same with `data` in its record, as reading an event puts it there.
    var recorded: CustomerEvent {
        var event = self
        if let dataJSON { event.recordJSON = String(recordJSON.dropLast()) + ",\"data\":\(dataJSON)}" }
        return event
    }

    static func payment(_ data: String? = nil, from customer: String = "c1", id: String? = nil) -> CustomerEvent {
        CustomerEvent(
            kind: .payment, customerID: customer, dataJSON: data, eventID: id,
            recordJSON: #"{"type":"customer_payment"}"#)
    }

    static func order(_ data: String? = nil, from customer: String = "c1") -> CustomerEvent {
        CustomerEvent(kind: .order, customerID: customer, dataJSON: data, recordJSON: #"{"type":"customer_order"}"#)
    }

    static func custom(
        _ event: String, _ data: String? = nil, from customer: String = "c1", id: String? = nil
    ) -> CustomerEvent {
        CustomerEvent(
            kind: .custom, customerID: customer, eventName: event, dataJSON: data, eventID: id,
            recordJSON: #"{"type":"custom_event"}"#)
    }
}

extension SettledAttempt {
    static let completed = SettledAttempt(verdict: .completed(resultJSON: nil), duration: .milliseconds(20))

    static func retry(_ pause: Duration = .seconds(2)) -> SettledAttempt {
        SettledAttempt(
            verdict: .retry(.gatewayError, pause: pause), error: "HTTP 503", httpStatus: 503,
            duration: .milliseconds(20))
    }

    static let rejected = SettledAttempt(
        verdict: .rejected(.gatewayRejected), error: "HTTP 400", httpStatus: 400, duration: .milliseconds(20))
}

extension CallbackSettlement {
    static let delivered = CallbackSettlement(.delivered, httpStatus: 200, duration: .milliseconds(20))

    static func failed(error: String, pause: Duration) -> CallbackSettlement {
        CallbackSettlement(.failed(error: error, pause: pause), httpStatus: 500, duration: .milliseconds(20))
    }
}

extension TestStore {
    /// Arranges accepted tasks.
    func accepted(_ tasks: NewTask...) async throws {
        for task in tasks { _ = try await store.receive(task, capacity: 0) }
    }

    /// Arranges a task that this instance holds: accepted, fired by hand and claimed now.
    @discardableResult
    func held(_ task: NewTask = .example()) async throws -> Lease {
        _ = try await store.receive(task, capacity: 0)
        _ = try await store.fire(taskID: task.id)
        return try await claimed()
    }

    /// Arranges a claim of the head of `ready`.
    @discardableResult
    func claimed() async throws -> Lease {
        let claims = try await store.claim(capacity: 1).tasks
        return try #require(claims.first).lease
    }

    /// Arranges the end of an attempt.
    func finished(_ lease: Lease, _ attempt: SettledAttempt) async throws {
        let outcome = try await store.finish(lease, attempt: attempt, capacity: 0, callbackCapacity: 0).outcome
        try #require(outcome != .stale)
    }
}
