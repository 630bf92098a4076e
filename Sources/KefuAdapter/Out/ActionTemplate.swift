import KefuCore

/// How one type of action goes out: as a request, as a frame, or as either.
struct ActionTemplate: Sendable {
    /// Nil: the file has no body for it, so it cannot go out over HTTP.
    var request: RequestTemplate?
    /// Nil: it cannot go out over the connector.
    var frame: BodyTemplate?
    var rules: AnswerRules
    var needsToken: Bool
}

/// All that the file says under `out`.
struct ActionTemplates: Sendable {
    var token: TokenTemplate?
    private var templates: [ActionKind: ActionTemplate] = [:]

    subscript(kind: ActionKind) -> ActionTemplate? { templates[kind] }

    /// Whether any action goes out over HTTP, and whether one of those takes its URL from the settings.
    var usesHTTP: Bool { templates.values.contains { $0.request != nil } }
    var needsURL: Bool { templates.values.contains { $0.request != nil && $0.request?.url == nil } }
    var usesFrames: Bool { templates.values.contains { $0.frame != nil } }

    private static let members = [
        "method", "url", "headers", "body", "form", "frame", "success", "retry", "token_error", "result", "message_id",
    ]

    /// `token`, `all` (members that hold for every action unless it has its own), and a member for each action.
    init?(_ place: FilePlace, environment: AdapterEnvironment) {
        guard let object = place.object("token", "all", "send_message", "send_file", "send_link") else { return nil }
        token = object["token"].flatMap { TokenTemplate($0, environment: environment) }
        let all = object["all"].flatMap(Self.object)
        for kind in ActionKind.allCases {
            let own = object[kind.rawValue].flatMap(Self.object)
            templates[kind] = Self.template(
                own: own, all: all, hasToken: object["token"] != nil, environment: environment)
        }
        if templates.isEmpty { place.flaw("must say how an action goes out: a body, form or frame in all or in one") }
    }

    private static func object(_ place: FilePlace) -> FileObject? {
        guard let members = place.members() else { return nil }
        for (name, member) in members where !Self.members.contains(name) {
            member.flaw("is unknown; allowed here: \(Self.members.joined(separator: ", "))")
        }
        return FileObject(place: place)
    }

    /// Nil when there is nothing to be sent.
    private static func template(
        own: FileObject?, all: FileObject?, hasToken: Bool, environment: AdapterEnvironment
    ) -> ActionTemplate? {
        func place(_ name: String) -> FilePlace? {
            // A body of its own replaces a common form, and the other way round.
            let contents = ["body", "form"]
            if contents.contains(name), let own, contents.contains(where: { own[$0] != nil }) { return own[name] }
            return own?[name] ?? all?[name]
        }
        let names = TemplateNames.action.with(environment: environment.names)
        let reading = RequestReading(
            names: hasToken ? names.with("token") : names, environment: environment, methods: [.post, .put])
        let request = reading.request(place)
        let hasBody = place("body") != nil || place("form") != nil
        let frame = place("frame")?.body(names.with("frame_id"))
        let rules = AnswerRules(place)
        if let error = place("token_error"), !hasToken { error.flaw("needs out.token") }
        guard hasBody || place("frame") != nil else { return nil }
        return ActionTemplate(
            request: hasBody ? request : nil, frame: frame, rules: rules,
            needsToken: request.names.contains("token"))
    }
}
