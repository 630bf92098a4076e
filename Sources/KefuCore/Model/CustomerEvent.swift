/// A validated event as the customer gateway reported it.
package struct CustomerEvent: Sendable, Equatable {
    package var kind: EventKind
    package var customerID: String
    /// Messages only: the text as `contains`, `all` and `exclude` compare it.
    package var normalizedText: String
    /// Messages only: the same trimmed of punctuation at both ends, for `exact`.
    package var exactText: String
    /// `custom_event` only: its name.
    package var eventName: String?
    /// The event's `data` as sent (compact or not, a JSON object), nil when absent.
    package var dataJSON: String?
    /// The sender's id for this event, to process it once in 24 h.
    package var eventID: String?
    /// The whole event as a task keeps it: `{"type", "text"?, "event"?, "data"?, "event_id"?, "conversation"?}`,
    /// still without its `at`, which the store adds by its own clock.
    package var recordJSON: String

    package init(
        kind: EventKind, customerID: String, normalizedText: String = "", exactText: String = "",
        eventName: String? = nil, dataJSON: String? = nil, eventID: String? = nil, recordJSON: String
    ) {
        self.kind = kind
        self.customerID = customerID
        self.normalizedText = normalizedText
        self.exactText = exactText
        self.eventName = eventName
        self.dataJSON = dataJSON
        self.eventID = eventID
        self.recordJSON = recordJSON
    }
}
