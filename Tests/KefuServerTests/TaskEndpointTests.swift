import KefuCore
import KefuServer
import Testing

@Suite struct TaskEndpointTests {
    @Test func `A task is answered as the old system did`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let answer = try await server.exchange("POST", "/api/task/receive", body: Bodies.task())
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            #expect(
                answer.body
                    == #"{"code":200,"message":"任务接收成功","data":{"task_id":"TASK_20260226_001","status":"pending"}}"#)
            #expect(server.store.calls == [.receive("TASK_20260226_001")])
        }
    }

    @Test func `A task issued anew tells its generation`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 3) } }) { server in
            let data = try await server.exchange("POST", "/api/task/receive", body: Bodies.task()).json["data"]
            #expect(data["status"].string == "pending")
            #expect(data["generation"].int == 3)
        }
    }

    @Test func `The same task again is a duplicate`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .duplicate(status: .running) } }) { server in
            let answer = try await server.exchange("POST", "/api/task/receive", body: Bodies.task())
            #expect(answer.status == 200)
            #expect(answer.json["data"]["status"].string == "running")
            #expect(answer.json["data"]["duplicate"].bool == true)
        }
    }

    @Test func `Another task under the same id is a conflict`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .conflict(status: .waiting) } }) { server in
            let answer = try await server.exchange("POST", "/api/task/receive", body: Bodies.task())
            #expect(answer.status == 409)
            #expect(answer.json["code"].int == 409)
            #expect(answer.errorType == "conflict")
            #expect(answer.json["data"]["status"].string == "waiting")
        }
    }

    @Test func `An error of the body names its field and reaches no store`() async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            let wrong = Bodies.task().replacing("customer_reply", with: "Customer_Reply")
            let answer = try await client.exchange("POST", "/api/task/receive", body: wrong)
            #expect(answer.status == 400)
            #expect(answer.errorType == "validation")
            #expect(answer.json["error"]["field"].string == "trigger.type")
            #expect(answer.json["error"]["detail"].string != nil)
            #expect(answer.json["data"].isNull)
            let broken = try await client.exchange("POST", "/api/task/receive", body: "{")
            #expect(broken.status == 400)
            #expect(broken.errorType == "invalid_json")
            #expect(server.store.calls.isEmpty)
        }
    }

    @Test(arguments: ["", "[]", #""x""#, "7", "null"])
    func `What is no object is no task`(body: String) async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("POST", "/api/task/receive", body: body)
            #expect(answer.status == 400)
            #expect(answer.errorType == (body.isEmpty ? "invalid_json" : "validation"))
        }
    }

    @Test func `A batch answers each item in order and a bad one stops no other`() async throws {
        let write = { (answers: inout FakeStore.Answers) in
            answers.receive = { (task) throws(StoreError) in
                switch task.id {
                case "A": return .accepted(generation: 1)
                case "B": return .duplicate(status: .completed)
                case "C": return .conflict(status: .failed)
                default: throw .unavailable("gone")
                }
            }
        }
        try await TestServer.run(store: write) { server in
            let items = [Bodies.task("A"), #"{"task_id": "X"}"#, Bodies.task("B"), Bodies.task("C"), Bodies.task("D")]
            let answer = try await server.exchange(
                "POST", "/api/task/receive/batch", body: "[\(items.joined(separator: ","))]")
            #expect(answer.status == 200)
            let results = answer.json["data"]["results"]
            #expect(results.count == 5)
            #expect((0..<5).map { results[$0]["code"].int } == [200, 400, 200, 409, 503])
            #expect((0..<5).map { results[$0]["task_id"].string } == ["A", "X", "B", "C", "D"])
            #expect(results[0]["status"].string == "pending")
            #expect(results[1]["error"]["type"].string == "validation")
            #expect(results[1]["status"].isNull)
            #expect(results[2]["duplicate"].bool == true)
            #expect(results[3]["status"].string == "failed")
            #expect(results[4]["error"]["type"].string == "unavailable")
            #expect(server.store.calls == [.receive("A"), .receive("B"), .receive("C"), .receive("D")])
        }
    }

    @Test func `A batch is an array of at most a thousand`() async throws {
        try await TestServer.run(store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
            let client = try await server.connect()
            let object = try await client.exchange("POST", "/api/task/receive/batch", body: "{}")
            #expect(object.status == 400)
            let empty = try await client.exchange("POST", "/api/task/receive/batch", body: "[]")
            #expect(empty.json["data"]["results"].count == 0)
            let many = "[" + Array(repeating: "0", count: 1_001).joined(separator: ",") + "]"
            #expect(try await client.exchange("POST", "/api/task/receive/batch", body: many).status == 400)
            #expect(server.store.calls.isEmpty)
        }
    }

    @Test(arguments: [
        (CancelOutcome.cancelled, 200, "cancelled" as String?, nil as Bool?),
        (.alreadyCancelled, 200, "cancelled", nil),
        (.requested(status: .running), 409, "running", true), (.busy(status: .failed), 409, "failed", false),
        (.conflict(status: .completed), 409, "completed", nil), (.missing, 404, nil, nil),
    ])
    func aCancelSaysWhatBecameOfTheTask(
        outcome: CancelOutcome, status: Int, taskStatus: String?, requested: Bool?
    ) async throws {
        try await TestServer.run(store: { $0.cancel = .success(outcome) }) { server in
            let answer = try await server.exchange("POST", "/api/task/cancel", body: Bodies.command)
            #expect(answer.status == status)
            #expect(answer.json["data"]["status"].string == taskStatus)
            #expect(answer.json["data"]["cancel_requested"].bool == requested)
            #expect(answer.json["data"]["task_id"].string == (status == 200 ? "TASK_1" : nil))
            #expect(answer["retry-after"] == (outcome == .busy(status: .failed) ? "1" : nil))
            #expect(answer.errorType == [200: nil, 409: "conflict", 404: "not_found"][status])
            #expect(server.store.calls == [.cancel("TASK_1", reason: "客户已退款")])
        }
    }

    @Test(arguments: ["retry", "fire"])
    func `Retry and fire queue a task or say why not`(verb: String) async throws {
        let outcomes: [(ChangeOutcome, Int)] = [(.done, 200), (.conflict(status: .waiting), 409), (.missing, 404)]
        for (outcome, status) in outcomes {
            try await TestServer.run(store: { $0.change = .success(outcome) }) { server in
                let answer = try await server.exchange("POST", "/api/task/\(verb)", body: Bodies.command)
                #expect(answer.status == status)
                #expect(answer.json["data"]["status"].string == (status == 404 ? nil : "waiting"))
                #expect(server.store.calls == [verb == "retry" ? .retry("TASK_1") : .fire("TASK_1")])
            }
        }
    }
}
