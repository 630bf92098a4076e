import KefuCore

// What a Prometheus asks for.
extension APIRoutes {
    /// The text format's own type (https://prometheus.io/docs/instrumenting/exposition_formats/).
    static let metricsType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    func metrics(_ request: Request) async throws(APIError) -> Answer {
        var answer = Answer(status: 200, body: await scrape())
        answer.contentType = Self.metricsType
        return answer
    }
}
