import KefuCore

/// How a platform's access token is fetched, and how long it lasts.
struct TokenTemplate: Sendable {
    static let usualLife = Duration.seconds(7200)
    static let usualLead = Duration.seconds(300)
    /// Bytes.
    static let longest = 4096

    var request: RequestTemplate
    var rules: AnswerRules
    var token: JSONPointer
    /// To the seconds that it lasts.
    var expiry: JSONPointer?
    /// Where the answer does not say.
    var life: Duration
    /// It is renewed so long before its end; at most half of its life.
    var lead: Duration

    init?(_ place: FilePlace, environment: AdapterEnvironment) {
        guard
            let object = place.object(
                "method", "url", "headers", "body", "form", "success", "retry", "token", "expires_in",
                "expires_seconds", "renew_before_seconds")
        else { return nil }
        let reading = RequestReading(
            names: .token.with(environment: environment.names), environment: environment, methods: [.get, .post])
        request = reading.request { object[$0] }
        if request.url == nil, object["url"] == nil { _ = object.required("url") }
        switch request.body {
        case .none: break
        default: if request.method == .get { place.flaw("a GET has no body: set \"method\": \"POST\"") }
        }
        rules = AnswerRules { ["success", "retry"].contains($0) ? object[$0] : nil }
        expiry = object["expires_in"]?.pointer()
        life =
            object["expires_seconds"]?.number(1...31_536_000).map { .milliseconds(Int64($0 * 1000)) }
            ?? Self.usualLife
        lead =
            object["renew_before_seconds"]?.number(0...86_400).map { .milliseconds(Int64($0 * 1000)) }
            ?? Self.usualLead
        guard let token = object.required("token")?.pointer() else { return nil }
        self.token = token
    }

    /// The token in an answer and its life; nil when there is none that can stand in a header.
    func read(_ body: [UInt8]) -> (token: String, life: Duration)? {
        // What is not JSON has no token either.
        guard let answer = try? JSONValue(parsing: body), case .string(let text) = token.find(in: answer),
            (1...Self.longest).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        var life = life
        switch expiry.flatMap({ $0.find(in: answer) }) {
        case .number(let digits), .string(let digits):
            if let seconds = Double(digits), (1...31_536_000).contains(seconds) {
                life = .milliseconds(Int64(seconds * 1000))
            }
        default: break
        }
        return (text, life)
    }
}
