import KefuCore

/// Sends actions as the file says. An attempt is one request; a second one follows only after the platform has said
/// that it refused the token, so that it has done nothing, and only while the lease still allows it.
package struct AdapterGateway: MessageGateway {
    private let templates: ActionTemplates
    private let environment: AdapterEnvironment
    private let url: String?
    private let timeout: Duration
    private let transport: any PlatformTransport
    private let formatTime: @Sendable (Int64) -> String
    private let keeper: TokenKeeper?

    /// - Parameters:
    ///   - url: where the file names none.
    ///   - timeout: for one attempt, a request after a refused token with it; to fetch a token takes as long at most.
    init(
        _ templates: ActionTemplates, environment: AdapterEnvironment, url: String?, timeout: Duration,
        transport: any PlatformTransport, formatTime: @escaping @Sendable (Int64) -> String
    ) {
        self.templates = templates
        self.environment = environment
        self.url = url
        self.timeout = timeout
        self.transport = transport
        self.formatTime = formatTime
        keeper = templates.token.map {
            TokenKeeper($0, environment: environment, transport: transport, timeout: timeout)
        }
    }

    package func send(_ request: ActionRequest) async -> GatewayReport {
        let start = ContinuousClock.now
        var report = await attempt(request)
        report.duration = ContinuousClock.now - start
        return report
    }

    private func attempt(_ request: ActionRequest) async -> GatewayReport {
        let kind = request.action.kind
        guard let template = templates[kind], let outgoing = template.request else {
            return GatewayReport(
                answer: .rejected, error: "the adapter has no out.\(kind.rawValue)", duration: .zero)
        }
        var values = TemplateValues(request, environment: environment.value, formatTime: formatTime)
        let key = IdempotencyKey(taskID: request.taskID, generation: request.generation)
        var deadline: ContinuousClock.Instant?
        var refused: GatewayReport?
        while true {
            var token: String?
            if template.needsToken, let keeper {
                switch await keeper.token() {
                case .success(let held): token = held
                case .failure(let failure):
                    return GatewayReport(answer: .failed(retryAfter: nil), error: failure.detail, duration: .zero)
                }
            }
            if let token { values.set("token", token) }
            let now = ContinuousClock.now
            let end = deadline ?? now + timeout
            deadline = end
            // To fetch a token anew has taken all the time that was left.
            if let refused, now >= end { return refused }
            var exchange = outgoing.render(values, fallback: url, timeout: end - now)
            exchange.signedAs = key.webhookID
            exchange.maySend = request.maySend
            let (report, wasTokenRefused) = report(await transport.exchange(exchange), template.rules, token)
            guard wasTokenRefused, let token, let keeper else { return report }
            await keeper.drop(token)
            if refused != nil { return report }
            refused = report
        }
    }

    private func report(
        _ answer: PlatformAnswer, _ rules: AnswerRules, _ token: String?
    ) -> (GatewayReport, wasTokenRefused: Bool) {
        func masked(_ text: String) -> String { environment.masking(text, and: [token].compactMap(\.self)) }
        switch answer {
        case .unreachable(let detail):
            return (GatewayReport(answer: .unreachable, error: masked(detail), duration: .zero), false)
        case .notSent: return (GatewayReport(answer: .notSent, error: "not sent", duration: .zero), false)
        case .invalid(let detail):
            return (GatewayReport(answer: .rejected, error: masked(detail), duration: .zero), false)
        case .answered(let status, let body, let isCut, let retryAfter, let excerpt):
            var report = GatewayReport(answer: .rejected, httpStatus: status, duration: .zero)
            let said = excerpt.isEmpty ? "" : ": \(excerpt)"
            switch rules.verdict(status: status, body: body, isCut: isCut) {
            case .accepted(let result):
                let whole = rules.keepsAll && !isCut && JSONReader.accepts(body)
                report.answer = .accepted(resultJSON: whole ? String(decoding: body, as: UTF8.self) : result)
            case .rejected(let words): report.error = masked(words + said)
            case .failed(let words):
                report.answer = .failed(retryAfter: retryAfter)
                report.error = masked(words + said)
            case .tokenRefused(let words):
                report.answer = .failed(retryAfter: retryAfter)
                report.error = masked("token refused: \(words)\(said)")
                return (report, true)
            }
            return (report, false)
        }
    }
}
