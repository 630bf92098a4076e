import KefuCore

/// How the file says a callback goes out.
struct CallbackTemplate: Sendable {
    var request: RequestTemplate
    var rules: AnswerRules

    init?(_ place: FilePlace, environment: AdapterEnvironment) {
        guard let object = place.object("method", "url", "headers", "body", "form", "success") else { return nil }
        let reading = RequestReading(
            names: .callback.with(environment: environment.names), environment: environment, methods: [.post, .put])
        request = reading.request { object[$0] }
        if object["form"] == nil, object["body"] == nil { _ = object.required("body") }
        rules = AnswerRules { $0 == "success" ? object[$0] : nil }
    }
}

/// Delivers callbacks as the file says; whatever is no success is delivered again.
package struct AdapterCallbackTransport: CallbackTransport {
    let template: CallbackTemplate
    let environment: AdapterEnvironment
    /// Where the file names none.
    let url: String?
    let timeout: Duration
    let transport: any PlatformTransport
    let formatTime: @Sendable (Int64) -> String

    package func deliver(_ callback: Callback) async -> DeliveryReport {
        let values = TemplateValues(callback, environment: environment.value, formatTime: formatTime)
        var request = template.request.render(values, fallback: url, timeout: timeout)
        request.signedAs = callback.id
        let start = ContinuousClock.now
        let answer = await transport.exchange(request)
        var report = DeliveryReport(outcome(of: answer), duration: ContinuousClock.now - start)
        if case .answered(let status, _, _, _, _) = answer { report.httpStatus = status }
        return report
    }

    private func outcome(of answer: PlatformAnswer) -> DeliveryReport.Outcome {
        switch answer {
        case .notSent: return .failed(error: "not sent", retryAfter: nil)
        case .unreachable(let detail), .invalid(let detail):
            return .failed(error: environment.masking(detail), retryAfter: nil)
        case .answered(let status, let body, let isCut, let retryAfter, let excerpt):
            switch template.rules.verdict(status: status, body: body, isCut: isCut) {
            case .accepted: return .delivered
            case .rejected(let words), .failed(let words), .tokenRefused(let words):
                let said = excerpt.isEmpty ? "" : ": \(excerpt)"
                return .failed(error: environment.masking(words + said), retryAfter: retryAfter)
            }
        }
    }
}
