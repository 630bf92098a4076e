import KefuCore
import NIOCore

// What a platform posts in its own words, as its adapter reads them.
extension APIRoutes {
    /// Some platforms want a bare word.
    private static let plainText: StaticString = "text/plain; charset=utf-8"

    func platformEvent(_ request: Request) async throws(APIError) -> Answer {
        guard let platform else { throw .noAdapter }
        switch request.body.withUnsafeReadableBytes(platform.read) {
        case .events(let frame): return try await answer(frame, platform)
        case .reply(let bytes):
            var answer = Answer(status: 200, body: bytes)
            if !JSONReader.accepts(bytes) { answer.contentType = Self.plainText }
            return answer
        case .ignored, .answer: return .success("事件已忽略") { $0.null() }
        }
    }

    /// Hands the good events on, all of them in one go, and answers when each has been taken or refused.
    private func answer(_ frame: EventFrame, _ platform: any PlatformBodyDialect) async throws(APIError) -> Answer {
        let events = frame.events.compactMap { item in
            if case .success(let event) = item.result { event } else { nil }
        }
        var rest = (events.isEmpty ? [] : await intake.match(events)).makeIterator()
        var outcomes: [EventOutcome] = []
        var refusal: InputError?
        for item in frame.events {
            switch item.result {
            case .failure(let error):
                outcomes.append(.refused(error))
                refusal = refusal ?? error
            case .success:
                switch rest.next() {
                case .success(let match): outcomes.append(.taken(match))
                // The platform sends all of them again: those that were taken are known by their ids.
                case .failure(let error): throw APIError(error)
                case nil: throw APIError(.defect("the store answered fewer events than it was given"))
                }
            }
        }
        if let answer = platform.bodyAnswer(to: frame, outcomes: outcomes) {
            var made = Answer(status: answer.status, body: answer.body)
            if !answer.isJSON { made.contentType = Self.plainText }
            return made
        }
        if let refusal { throw APIError(refusal) }
        return .success("事件已接收") { writer in
            writer.beginObject()
            writer.key("taken")
            writer.int(outcomes.count)
            writer.endObject()
        }
    }
}
