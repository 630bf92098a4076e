import KefuCore

/// All that the file says under `in`.
struct IncomingTemplates: Sendable {
    /// Of one file.
    static let mostRules = 64

    var rules: [FrameRule]
    var mapping: EventMapping
    /// What tells the platform that its events were taken.
    var answer: AnswerTemplate?
    /// What tells it that one of them is no event.
    var refused: AnswerTemplate?

    init?(_ place: FilePlace, environment: AdapterEnvironment) {
        guard
            let object = place.object(
                "rules", "events", "type", "types", "customer", "text", "event", "event_id", "data", "conversation",
                "answer", "refused")
        else { return nil }
        let rules = object["rules"]?.elements() ?? []
        if rules.count > Self.mostRules { object["rules"]?.flaw("must have at most \(Self.mostRules) rules") }
        self.rules = rules.compactMap { FrameRule($0, environment: environment.names) }
        let names = environment.names
        answer = object["answer"].flatMap { AnswerTemplate($0, .taken.with(environment: names)) }
        refused = object["refused"].flatMap { AnswerTemplate($0, .refused.with(environment: names), status: 400) }
        guard let mapping = EventMapping(object) else { return nil }
        self.mapping = mapping
    }

    var needsFrame: Bool { answer?.needsFrame == true || refused?.needsFrame == true }
}

/// All that the file says under `connector`: what a connection needs that Kefu opens.
struct ConnectorTemplates: Sendable {
    var signIn: [BodyTemplate] = []
    var heartbeat: (frame: BodyTemplate, every: Duration)?
    /// Which frames answer ours, and where they have the id.
    var answer: (conditions: [(pointer: JSONPointer, values: [JSONValue])], id: JSONPointer)?

    init() {}

    init(_ place: FilePlace, environment: AdapterEnvironment) {
        guard let object = place.object("sign_in", "heartbeat", "answer") else { return }
        let names = TemplateNames.token.with(environment: environment.names)
        signIn = (object["sign_in"]?.elements() ?? []).compactMap { $0.body(names) }
        if let beat = object["heartbeat"]?.object("every_seconds", "frame") {
            let every = beat.required("every_seconds")?.number(1...3600)
            if let every, let frame = beat.required("frame")?.body(names) {
                heartbeat = (frame, .milliseconds(Int64(every * 1000)))
            }
        }
        if let answer = object["answer"]?.object("when", "id") {
            let conditions = answer["when"].map { FrameRule.conditions($0) } ?? []
            if let id = answer.required("id")?.pointer() { self.answer = (conditions, id) }
        }
    }

    /// The id that an answer to one of our frames has; nil for any other frame, such as an event with an id of its own.
    func answeredID(_ frame: JSONElement) -> String? {
        guard let answer, FrameRule.hold(answer.conditions, for: frame) else { return nil }
        return answer.id.find(in: frame)?.string.flatMap { ActionFrameID.isOne($0) ? $0 : nil }
    }
}
