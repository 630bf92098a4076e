import KefuCore
import KefuServer
import Testing

@Suite struct EventEndpointTests {
    @Test func `An event answers the tasks that it fired`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.match = { _ in MatchOutcome(matched: ["TASK_001", "任务\"2"], duplicate: false) }
        }
        try await TestServer.run(store: write) { server in
            let answer = try await server.exchange("POST", "/api/event", body: Bodies.event)
            #expect(answer.status == 200)
            #expect(answer.json["code"].int == 200)
            #expect(answer.json["data"]["matched"].strings == ["TASK_001", "任务\"2"])
            #expect(answer.json["data"]["duplicate"].bool == false)
            #expect(server.store.calls == [.match("customer_123")])
        }
    }

    @Test func `A repeated event says so`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.match = { _ in MatchOutcome(matched: [], duplicate: true) }
        }
        try await TestServer.run(store: write) { server in
            let answer = try await server.exchange("POST", "/api/event", body: Bodies.event)
            #expect(answer.json["data"]["matched"].count == 0)
            #expect(answer.json["data"]["duplicate"].bool == true)
        }
    }

    @Test func `A batch of events answers each in order`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.match = { (event) throws(StoreError) in
                if event.customerID == "lost" { throw .outcomeUnknown("cut") }
                return MatchOutcome(matched: [event.customerID], duplicate: false)
            }
        }
        try await TestServer.run(store: write) { server in
            let events = ["a", "lost", "b"].map { Bodies.event.replacing("customer_123", with: $0) }
            let body = "[\(events[0]), {\"type\": \"none\"}, \(events[1]), \(events[2])]"
            let results = try await server.exchange("POST", "/api/event/batch", body: body).json["data"]["results"]
            #expect((0..<4).map { results[$0]["code"].int } == [200, 400, 503, 200])
            #expect((0..<4).map { results[$0]["matched"].strings } == [["a"], [], [], ["b"]])
            #expect(results[1]["error"]["type"].string == "validation")
            #expect(results[2]["error"]["type"].string == "unavailable")
            #expect(results[3]["duplicate"].bool == false)
        }
    }
}
