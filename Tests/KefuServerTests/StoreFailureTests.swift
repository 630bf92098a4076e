import KefuCore
import KefuServer
import Testing

@Suite struct StoreFailureTests {
    private static func failing(with error: StoreError) -> (inout FakeStore.Answers) -> Void {
        { answers in
            answers.receive = { _ throws(StoreError) in throw error }
            answers.match = { _ throws(StoreError) in throw error }
            answers.cancel = .failure(error)
            answers.change = .failure(error)
            answers.status = { _ throws(StoreError) in throw error }
            answers.list = .failure(error)
            answers.stats = .failure(error)
            answers.update = .failure(error)
            answers.history = .failure(error)
            answers.callbacks = .failure(error)
            answers.replayed = .failure(error)
        }
    }

    private static var single: [(method: String, target: String, body: String?)] {
        Bodies.requests.filter {
            !$0.target.hasSuffix("/batch") && !["/api/access", "/metrics"].contains($0.target)
                && !$0.target.contains("health")
        }
    }

    @Test(arguments: [StoreError.unavailable("OOM of 10.0.0.7"), .outcomeUnknown("cut at 10.0.0.7")])
    func `A store that cannot answer is 503 with Retry-After`(error: StoreError) async throws {
        try await TestServer.run(store: Self.failing(with: error)) { server in
            let client = try await server.connect()
            for request in Self.single {
                let answer = try await client.exchange(request.method, request.target, body: request.body)
                #expect(answer.status == 503, "\(request.target)")
                #expect(answer.errorType == "unavailable")
                #expect(answer["retry-after"] == "1")
                #expect(!answer.body.contains("10.0.0.7"))
            }
        }
    }

    @Test func `A defect in a batch is logged too`() async throws {
        try await TestServer.run(store: Self.failing(with: .defect("WRONGTYPE in receive"))) { server in
            let client = try await server.connect()
            for request in Bodies.requests where request.target.hasSuffix("/batch") {
                let answer = try await client.exchange(
                    request.method, request.target, headers: ["X-Request-Id: batch-1"], body: request.body)
                #expect(answer.status == 200)
                #expect(answer.json["data"]["results"][0]["code"].int == 500)
                #expect(answer.json["data"]["results"][0]["error"]["type"].string == "internal")
            }
            let logged = server.log.events.filter { $0.hasPrefix("error") && $0.contains("request_id=batch-1") }
            #expect(logged.count == 2)
        }
    }

    @Test func `An unknown outcome is not told as nothing happened`() async throws {
        var details: [String] = []
        for error in [StoreError.unavailable(""), .outcomeUnknown("")] {
            details.append(APIError(error).detail)
        }
        #expect(details[0].contains("nothing was changed"))
        #expect(details[1].contains("may have been carried out"))
    }

    @Test func `A defect is 500 and logged with the request's id`() async throws {
        try await TestServer.run(store: Self.failing(with: .defect("WRONGTYPE in match"))) { server in
            let client = try await server.connect()
            for (index, request) in Self.single.enumerated() {
                let answer = try await client.exchange(
                    request.method, request.target, headers: ["X-Request-Id: defect-\(index)"], body: request.body)
                #expect(answer.status == 500, "\(request.target)")
                #expect(answer.errorType == "internal")
                #expect(answer["x-request-id"] == "defect-\(index)")
                #expect(!answer.body.contains("WRONGTYPE"))
                #expect(
                    server.log.events.contains {
                        $0.hasPrefix("error") && $0.contains("request_id=defect-\(index)") && $0.contains("WRONGTYPE")
                    })
            }
        }
    }
}
