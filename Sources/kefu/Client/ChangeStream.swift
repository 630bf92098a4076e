import KefuOutbound

/// Follows `/api/task/stream`: connects, hands on what comes, and after every break connects again behind the last
/// event that came (`Last-Event-ID`), with growing pauses. Ends when its task is cancelled.
struct ChangeStream {
    enum News: Equatable, Sendable {
        case opened
        case event(ServerSentEvent)
        /// The connection is lost; the next attempt comes after the pause.
        case lost(reason: String, pause: Duration)
    }

    /// Of an answer that is no stream.
    static let longestRefusal = 64 * 1024

    let api: APIClient
    var query: [(name: String, value: String?)] = []
    var firstPause = Duration.milliseconds(500)
    var longestPause = Duration.seconds(15)

    /// - Throws: ``Unreachable`` and ``Refused`` when the first attempt fails, later ``Refused`` when the server says
    ///   that this caller may not; `CancellationError`; what `take` throws.
    func follow(_ take: (News) async throws -> Void) async throws {
        var lastEventID = ""
        var failures = 0
        var hasWorked = false
        while true {
            let attempt = try await attempt(after: lastEventID) { news in
                // A server that accepts and breaks off at once is not asked at once again and again.
                if case .event = news { failures = 0 }
                try await take(news)
            }
            try Task.checkCancellation()
            lastEventID = attempt.lastEventID
            hasWorked = hasWorked || attempt.hasOpened
            if let refusal = attempt.refusal, !hasWorked || refusal.exit == Exit.refused && refusal.httpStatus != 429 {
                throw Refused(answer: refusal)
            }
            let reason = attempt.refusal?.complaint ?? attempt.reason
            guard hasWorked else { throw Unreachable(description: "\(api.base): \(reason)") }
            failures += 1
            let pause = pause(after: failures, asked: attempt.retryMs)
            try await take(.lost(reason: reason, pause: pause))
            // The pause before a new connection; a cancelled one ends everything.
            try await Task.sleep(for: pause)
        }
    }

    /// Doubled with each failure in a row, beginning with what the stream asked for, ± 20 %.
    func pause(after failures: Int, asked: Int? = nil) -> Duration {
        let base = max(asked.map { .milliseconds(min($0, 3_600_000)) } ?? firstPause, firstPause)
        let grown = base * (1 << min(failures - 1, 10))
        return min(grown, longestPause) * Double.random(in: 0.8...1.2)
    }

    private struct Attempt {
        var hasOpened = false
        var lastEventID: String
        var retryMs: Int?
        var reason = "the connection was closed"
        var refusal: Envelope?
    }

    /// One connection, from its beginning to its end.
    private func attempt(
        after lastEventID: String, _ take: (News) async throws -> Void
    ) async throws -> Attempt {
        var attempt = Attempt(lastEventID: lastEventID)
        var parser = EventStreamParser()
        let headers = [("Accept", "text/event-stream")] + (lastEventID.isEmpty ? [] : [("Last-Event-ID", lastEventID)])
        let stream = try api.open("/api/task/stream", query, headers: headers)
        defer { stream.cancel() }
        var refusal: (status: Int, body: [UInt8])?
        while true {
            switch await stream.next() {
            case .head(200, let type) where type.lowercased().hasPrefix("text/event-stream"):
                attempt.hasOpened = true
                try await take(.opened)
            case .head(let status, _): refusal = (status, [])
            case .bytes(let bytes) where refusal != nil:
                refusal?.body += bytes
                if let size = refusal?.body.count, size > Self.longestRefusal { stream.cancel() }
            case .bytes(let bytes):
                let events: [ServerSentEvent]
                do throws(EventStreamParser.TooLong) {
                    events = try parser.take(bytes)
                } catch {
                    attempt.reason = "an event was longer than any of Kefu's"
                    return attempt
                }
                for event in events { try await take(.event(event)) }
                if !parser.lastEventID.isEmpty { attempt.lastEventID = parser.lastEventID }
                attempt.retryMs = parser.retryMs
            case .end(let failure):
                if let failure { attempt.reason = Self.text(failure) }
                if let refusal {
                    attempt.refusal = Envelope(httpStatus: refusal.status, body: refusal.body)
                    attempt.reason = "answered \(refusal.status), but not with a stream of Kefu's"
                }
                return attempt
            }
        }
    }

    private static func text(_ failure: HTTPFailure) -> String {
        switch failure {
        case .unreachable(let detail), .invalid(let detail): detail
        case .timedOut: "nothing came for too long"
        case .notSent: "cancelled"
        }
    }
}
