import Testing

@testable import KefuAdapter

/// What an answer means: a table.
@Suite struct AnswerRulesTests {
    private static func rules(_ file: String) throws -> AnswerRules {
        let adapter = try Given.adapter(#"{"out": {"token": {"url": "http://h/", "token": "/t"}, "all": \#(file)}}"#)
        return try #require(adapter.outgoing?[.sendMessage]?.rules)
    }

    private static func word(_ verdict: AnswerRules.Verdict) -> String {
        switch verdict {
        case .accepted(let result): "done \(result ?? "-")"
        case .rejected: "refused"
        case .failed: "again"
        case .tokenRefused: "token"
        }
    }

    private static let codes = #"""
        {"body": {}, "success": {"status": [200, "3xx"], "pointer": "/errcode", "equals": [0, "0", null]},
         "retry": {"status": 503, "pointer": "/errcode", "equals": [-1, 45009]},
         "token_error": {"status": 401, "pointer": "/errcode", "equals": 40014}, "message_id": "/msgid", "result": "/d"}
        """#

    private static let cases: [(status: Int?, body: String, meaning: String)] = [
        (200, #"{"errcode": 0, "msgid": "m", "d": [1]}"#, #"done {"message_id":"m","result":[1]}"#),
        (200, #"{"errcode": "0"}"#, #"done {"message_id":null,"result":null}"#),
        (302, #"{"errcode": 0.0, "msgid": 7}"#, #"done {"message_id":7,"result":null}"#),
        (200, "{}", #"done {"message_id":null,"result":null}"#), (201, #"{"errcode": 0}"#, "refused"),
        (200, #"{"errcode": 45009}"#, "again"), (200, #"{"errcode": -1}"#, "again"),
        (200, #"{"errcode": 40058}"#, "refused"), (200, #"{"errcode": "45009"}"#, "refused"),
        (200, #"{"errcode": 40014}"#, "token"), (401, "nonsense", "token"), (400, #"{"errcode": -1}"#, "again"),
        (400, "", "refused"), (500, #"{"errcode": 40058}"#, "refused"), (503, "", "again"),
        // A proxy's page, and half an answer.
        (200, "<html>maintenance</html>", "again"), (200, "", "again"), (200, #"{"errcode": 0"#, "again"),
        // Frames have no status.
        (nil, #"{"errcode": 0}"#, #"done {"message_id":null,"result":null}"#), (nil, #"{"errcode": 45009}"#, "again"),
    ]

    @Test(arguments: cases.indices)
    func `Status and code inside decide together`(number: Int) throws {
        let (status, body, meaning) = Self.cases[number]
        let verdict = try Self.rules(Self.codes).verdict(status: status, body: Array(body.utf8))
        #expect(Self.word(verdict) == meaning, "\(status ?? 0) \(body): \(verdict)")
    }

    @Test func `An answer that was cut is none`() throws {
        let body = Array(#"{"errcode": 0}"#.utf8)
        let verdict = try Self.rules(Self.codes).verdict(status: 200, body: body, isCut: true)
        #expect(Self.word(verdict) == "again")
    }

    @Test func `The words tell the code, never a long text`() throws {
        let body = Array(#"{"errcode": 40058, "errmsg": "invalid"}"#.utf8)
        #expect(
            try Self.rules(Self.codes).verdict(status: 200, body: body)
                == .rejected("platform answered 200, /errcode: 40058"))
        let long = Array(#"{"errcode": "\#(String(repeating: "x", count: 100))"}"#.utf8)
        #expect(
            try Self.rules(Self.codes).verdict(status: 200, body: long)
                == .rejected("platform answered 200, /errcode: …"))
    }
}
