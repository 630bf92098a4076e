import KefuCore
import KefuServer
import Testing

@Suite struct RequestIDTests {
    @Test(arguments: ["a", "A.b_c-9", String(repeating: "x", count: 64)])
    func `A plain id comes back`(id: String) async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            #expect(
                try await client.exchange("GET", "/api/health/live", headers: ["X-Request-Id: \(id)"])["x-request-id"]
                    == id)
            #expect(try await client.exchange("GET", "/none", headers: ["x-request-ID: \(id)"])["x-request-id"] == id)
        }
    }

    @Test(arguments: [
        ["X-Request-Id: " + String(repeating: "x", count: 65)], ["X-Request-Id: a b"], ["X-Request-Id: a\u{1B}[31m"],
        ["X-Request-Id: 任务"], ["X-Request-Id: "], ["X-Request-Id: a%0d%0aSet-Cookie: x"], ["X-Request-Id: a;b"],
        ["X-Request-Id: one", "X-Request-Id: two"], [],
    ])
    func anyOtherIsReplaced(headers: [String]) async throws {
        let write = { (answers: inout FakeStore.Answers) in answers.stats = .failure(.defect("canary-defect")) }
        try await TestServer.run(logLevel: .trace, store: write) { server in
            let client = try await server.connect()
            try await client.send(RawClient.request("GET", "/api/task/stats", headers: headers))
            let answer = try await client.answer()
            // An escape character is malformed HTTP already.
            #expect(answer.status == 500 || answer.status == 400)
            let id = try #require(answer["x-request-id"])
            #expect(
                !id.isEmpty && id.utf8.count <= 64
                    && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
            for header in headers {
                let value = header.dropFirst("X-Request-Id: ".count)
                #expect(value.isEmpty || !server.log.events.contains { $0.contains("request_id=\(value)") })
            }
        }
    }

    @Test func `Generated ids differ`() async throws {
        try await TestServer.run { server in
            var ids: Set<String> = []
            for _ in 0..<3 {
                let client = try await server.connect()
                for _ in 0..<100 {
                    ids.insert(try await client.exchange("GET", "/api/health/live")["x-request-id"] ?? "")
                }
            }
            #expect(ids.count == 300)
        }
    }
}
