import KefuCore
import KefuServer
import Testing

@Suite struct UpdateEndpointTests {
    @Test func `A change is answered with the whole task after it`() async throws {
        var record = TaskRecord(id: "TASK_1", customer: Customer(id: "c1"))
        record.priority = .high
        record.action.message = "改"
        record.updatedAtMs = 1_772_154_000_123
        let outcome = UpdateOutcome.updated(record)
        try await TestServer.run(store: { $0.update = .success(outcome) }) { server in
            let answer = try await server.exchange("POST", "/api/task/update", body: Bodies.update)
            #expect(answer.status == 200)
            let data = answer.json["data"]
            #expect(data["task_id"].string == "TASK_1" && data["status"].string == "waiting")
            #expect(data["priority"].string == "high" && data["action_message"].string == "改")
            #expect(data["updated_at"].string == "2026-02-27T09:00:00.123+08:00")
            #expect(data["timeline"].count == 0)
            let update = TaskUpdate(
                taskID: "TASK_1", timeMs: 1_772_154_000_000, timeout: .init(ms: 7_200_000, hours: "2"),
                priority: .high, message: "改")
            #expect(server.store.calls == [.update(update)])
        }
    }

    @Test(arguments: [
        (UpdateOutcome.conflict(status: .running), 409, "conflict", nil as String?),
        (.missing, 404, "not_found", nil), (.untimed, 400, "validation", "time"),
        (.late, 400, "validation", "timeout_hours"), (.textless, 400, "validation", "message"),
    ])
    func aRefusalSaysWhy(outcome: UpdateOutcome, status: Int, type: String, field: String?) async throws {
        try await TestServer.run(store: { $0.update = .success(outcome) }) { server in
            let answer = try await server.exchange("POST", "/api/task/update", body: Bodies.update)
            #expect(answer.status == status)
            #expect(answer.errorType == type)
            #expect(answer.json["error"]["field"].string == field)
            #expect(answer.json["data"]["status"].string == (status == 409 ? "running" : nil))
        }
    }

    @Test(arguments: [
        (#"{"task_id": "T"}"#, nil as String?), (#"{"task_id": "T", "time": null, "other": 1}"#, nil),
        (#"{"priority": "high"}"#, "task_id"), (#"{"task_id": "a b", "priority": "high"}"#, "task_id"),
        (#"{"task_id": "T", "priority": "low"}"#, "priority"), (#"{"task_id": "T", "time": 5}"#, "time"),
        (#"{"task_id": "T", "time": "tomorrow"}"#, "time"), (#"{"task_id": "T", "timeout_hours": 0}"#, "timeout_hours"),
        (#"{"task_id": "T", "timeout_hours": "2"}"#, "timeout_hours"),
        (#"{"task_id": "T", "timeout_hours": 8760.5}"#, "timeout_hours"),
        (#"{"task_id": "T", "message": []}"#, "message"),
        (#"{"task_id": "T", "message": ""# + String(repeating: "好", count: 4_001) + "\"}", "message"),
    ])
    func aWrongBodyReachesNoStore(body: String, field: String?) async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("POST", "/api/task/update", body: body)
            #expect(answer.status == 400)
            #expect(answer.errorType == "validation")
            #expect(answer.json["error"]["field"].string == field)
            #expect(server.store.calls.isEmpty)
        }
    }
}
