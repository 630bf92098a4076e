import KefuCore
import KefuServer
import Testing

@Suite struct HealthTests {
    @Test func `A healthy instance says who it is`() async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("GET", "/api/health")
            #expect(answer.status == 200)
            let data = answer.json["data"]
            #expect(data["status"].string == "ok")
            #expect(data["redis"].string == "ok")
            #expect(data["instance"].string == "test-1")
            #expect(data["version"].string == "1.2.3")
            #expect(data["uptime_seconds"].int != nil)
        }
    }

    @Test func `A silent Redis makes the instance unhealthy but alive`() async throws {
        let gate = Gate()
        try await TestServer.run(store: { $0.ping = { () throws(StoreError) in await gate.pass() } }) { server in
            let client = try await server.connect()
            let answer = try await client.exchange("GET", "/api/health")
            #expect(answer.status == 503)
            #expect(answer.errorType == "unavailable")
            #expect(answer["retry-after"] != nil)
            #expect(answer.json["data"]["redis"].string == "unreachable")
            #expect(try await client.exchange("GET", "/api/health/live").status == 200)
            gate.open()
        }
    }

    @Test func `A refusing Redis makes the instance unhealthy`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.ping = { () throws(StoreError) in throw .unavailable("LOADING") }
        }
        try await TestServer.run(store: write) { server in
            let answer = try await server.exchange("GET", "/api/health")
            #expect(answer.status == 503)
        }
    }

    @Test func `A draining instance is unhealthy but still answers`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            server.drain.begin()
            let health = try await server.exchange("GET", "/api/health")
            #expect(health.status == 503)
            #expect(health.json["data"]["status"].string == "draining")
            let task = try await server.exchange("POST", "/api/task/receive", body: Bodies.task())
            #expect(task.status == 200)
            #expect(task.closes)
        }
    }
}
