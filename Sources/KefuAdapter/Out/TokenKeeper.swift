import KefuCore

/// Holds a platform's access token for all attempts of this instance: fetched when it is first needed, renewed shortly
/// before its end, and once after the platform has refused it. However many attempts wait for it, one request is under
/// way. Each instance has its own: platforms answer a second request with the same token, or let both count.
actor TokenKeeper {
    struct Failure: Error, Equatable {
        /// English, for people; without secrets.
        var detail: String
    }

    private struct Held {
        var token: String
        var renewAt: ContinuousClock.Instant
        var endsAt: ContinuousClock.Instant
    }

    /// After a failure nobody asks again for so long.
    static let pauseAfterFailure = Duration.seconds(1)

    private let template: TokenTemplate
    private let environment: AdapterEnvironment
    private let transport: any PlatformTransport
    private let timeout: Duration
    private var held: Held?
    private var flight: Task<Result<String, Failure>, Never>?
    private var failure: (what: Failure, until: ContinuousClock.Instant)?

    init(
        _ template: TokenTemplate, environment: AdapterEnvironment, transport: any PlatformTransport, timeout: Duration
    ) {
        self.template = template
        self.environment = environment
        self.transport = transport
        self.timeout = timeout
    }

    func token() async -> Result<String, Failure> {
        let now = ContinuousClock.now
        if let held, now < held.renewAt { return .success(held.token) }
        let usable = held.flatMap { now < $0.endsAt ? $0.token : nil }
        if let failure, now < failure.until { return usable.map { .success($0) } ?? .failure(failure.what) }
        let result = await fetched()
        // One that cannot be renewed yet is good to its end.
        if case .failure = result, let usable, held?.token == usable { return .success(usable) }
        return result
    }

    /// The platform has refused this token. Another one that came meanwhile stays.
    func drop(_ token: String) {
        if held?.token == token { held = nil }
    }

    private func fetched() async -> Result<String, Failure> {
        if let flight { return await flight.value }
        // A task of its own: the attempt that began it may end before the others that wait for it.
        let task = Task { await self.fetch() }
        flight = task
        let result = await task.value
        return result
    }

    private func fetch() async -> Result<String, Failure> {
        let start = ContinuousClock.now
        let request = template.request.render(
            TemplateValues(WallClock.now.members + [("env", environment.value)]), fallback: nil, timeout: timeout)
        let result = read(await transport.exchange(request), askedAt: start)
        flight = nil
        switch result {
        case .success: failure = nil
        case .failure(let what): failure = (what, ContinuousClock.now + Self.pauseAfterFailure)
        }
        return result
    }

    private func read(_ answer: PlatformAnswer, askedAt start: ContinuousClock.Instant) -> Result<String, Failure> {
        func failed(_ detail: String) -> Result<String, Failure> {
            .failure(Failure(detail: "no token: \(environment.masking(detail))"))
        }
        switch answer {
        case .notSent: return failed("not sent")
        case .unreachable(let detail), .invalid(let detail): return failed(detail)
        case .answered(let status, let body, let isCut, _, _):
            switch template.rules.verdict(status: status, body: body, isCut: isCut) {
            case .accepted:
                guard let (token, life) = template.read(body) else {
                    return failed("platform answered \(status) without a token at \(template.token.text)")
                }
                held = Held(
                    token: token, renewAt: start + life - min(template.lead, life / 2), endsAt: start + life)
                return .success(token)
            case .rejected(let words), .failed(let words), .tokenRefused(let words): return failed(words)
            }
        }
    }
}
