import KefuCore
import Testing

/// Frames as the contract words them, read and made.
@Suite struct ContractDialectTests {
    private let dialect: ContractDialect

    init() throws {
        let zone = try #require(TimeZoneRules(name: "UTC"))
        dialect = ContractDialect(reader: RequestReader(timeZone: zone, eventLog: .zero), formatTime: { "t\($0)" })
    }

    private func read(_ frame: String) -> IncomingFrame {
        Array(frame.utf8).withUnsafeBytes { dialect.read($0) }
    }

    private func acknowledgement(of frame: String, _ outcome: EventOutcome? = nil) throws -> String {
        guard case .events(let events) = read(frame) else { throw NoEvent() }
        let outcomes = events.events.map { event in
            switch event.result {
            case .failure(let fault): EventOutcome.refused(fault)
            case .success: outcome ?? .taken(MatchOutcome(matched: [], duplicate: false))
            }
        }
        let frames = dialect.acknowledgements(of: events, outcomes: outcomes)
        #expect(frames.count == events.events.count)
        return frames.map { String(decoding: $0, as: UTF8.self) }.joined()
    }

    private struct NoEvent: Error {}

    private static let event = #"{"type":"customer_message","customer":{"id":"c"},"text":"好的","event_id":"e1"}"#

    @Test func `An event is acknowledged with its id and what it fired`() throws {
        let outcome = EventOutcome.taken(MatchOutcome(matched: ["T1", "T2"], duplicate: true))
        #expect(
            try acknowledgement(of: Self.event, outcome)
                == #"{"event_id":"e1","code":200,"matched":["T1","T2"],"duplicate":true}"#)
    }

    @Test func `An event that was not taken is answered with the contract's code`() throws {
        let outcome = EventOutcome.notTaken(code: 503, type: "unavailable", detail: "d")
        #expect(
            try acknowledgement(of: Self.event, outcome)
                == #"{"event_id":"e1","code":503,"matched":[],"duplicate":false,"error":{"type":"unavailable","detail":"d"}}"#
        )
    }

    @Test func `A wrong event is answered with the field, under its id where it has one`() throws {
        let answer = try acknowledgement(of: #"{"type":"customer_message","event_id":"e2","text":"x"}"#)
        #expect(answer.hasPrefix(#"{"event_id":"e2","code":400,"matched":[],"duplicate":false,"error":{"type":"#))
        #expect(answer.contains(#""field":"customer""#))
    }

    @Test(arguments: ["", "{", "[]", "7", #"{"id":7}"#, #"{"type":"customer_message""#])
    func `What is no event is an event that is refused`(frame: String) throws {
        let answer = try acknowledgement(of: frame)
        #expect(answer.hasPrefix(#"{"event_id":null,"code":400,"#))
    }

    @Test func `A frame with an id and no type answers an action`() throws {
        let frame = #"{"id":"a-1","code":200,"result":{"n": 1}}"#
        guard case .answer(let answer) = read(frame) else { throw NoEvent() }
        #expect(answer.id == "a-1")
        #expect(
            dialect.verdict(on: answer, to: .sendMessage)
                == ActionVerdict(answer: .accepted(resultJSON: #"{"n":1}"#), status: 200))
    }

    @Test(arguments: [
        (#"{"id":"a","code":204}"#, GatewayReport.Answer.accepted(resultJSON: nil)),
        (#"{"id":"a","code":200,"result":null}"#, .accepted(resultJSON: nil)),
        (#"{"id":"a","code":400}"#, .rejected), (#"{"id":"a","code":302}"#, .rejected),
        (#"{"id":"a","code":429,"retry_after":2.5}"#, .failed(retryAfter: .milliseconds(2500))),
        (#"{"id":"a","code":429,"retry_after":1e300}"#, .failed(retryAfter: .seconds(3600))),
        (#"{"id":"a","code":503}"#, .failed(retryAfter: nil)), (#"{"id":"a"}"#, .failed(retryAfter: nil)),
        (#"{"id":"a","code":"200"}"#, .failed(retryAfter: nil)),
        (#"{"id":"a","code":2e2}"#, .accepted(resultJSON: nil)),
        (#"{"id":"a","code":1e300}"#, .failed(retryAfter: nil)), ("{", .failed(retryAfter: nil)),
    ])
    func `The code of an answer says what becomes of the attempt`(frame: String, expected: GatewayReport.Answer) {
        let answer = ActionAnswer(id: "a", frame: Array(frame.utf8))
        #expect(dialect.verdict(on: answer, to: .sendFile).answer == expected)
    }

    @Test func `An action frame is the gateway's body with two ids before it`() throws {
        let request = ActionRequest(
            taskID: "T:1", generation: 2, attempt: 3, action: Action(kind: .sendMessage, message: "您好\""),
            customer: Customer(id: "c"), triggerEventJSON: #"{"at":5,"type":"manual"}"#, maySend: { true })
        let frame = String(decoding: try dialect.actionFrame(request, id: "x-1"), as: UTF8.self)
        let body = String(decoding: GatewayBody.json(of: request, formatTime: { "t\($0)" }), as: UTF8.self)
        #expect(frame == #"{"id":"x-1","idempotency_key":"T%3A1:2","# + body.dropFirst())
    }
}
