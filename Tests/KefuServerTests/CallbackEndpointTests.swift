import KefuCore
import KefuServer
import Testing

@Suite struct CallbackEndpointTests {
    @Test func `The outbox is listed page by page`() async throws {
        let entry = CallbackPage.Entry(
            callbackID: "cb_1", taskID: "T", status: .failed, attempts: 3, lastError: "503", nextAttemptAtMs: nil)
        let page = CallbackPage(callbacks: [entry], next: .init(scoreMs: 5, callbackID: "cb_1"))
        try await TestServer.run(store: { $0.callbacks = .success(page) }) { server in
            let client = try await server.connect()
            let first = try await client.exchange("GET", "/api/callbacks?state=dead&limit=1").json["data"]
            #expect(
                first["callbacks"][0].keys == [
                    "callback_id", "task_id", "status", "attempts", "last_error", "next_attempt_at",
                ])
            #expect(first["callbacks"][0]["next_attempt_at"].isNull)
            let cursor = try #require(first["next_cursor"].string)
            _ = try await client.exchange("GET", "/api/callbacks?cursor=\(cursor)")
            #expect(
                server.store.calls == [
                    .callbacks(CallbackQuery(state: .dead, limit: 1)), .callbacks(CallbackQuery(after: page.next)),
                ])
            let foreign = try await client.exchange("GET", "/api/task/list?cursor=\(cursor)")
            #expect(foreign.json["error"]["field"].string == "cursor")
        }
    }

    @Test(arguments: [
        (#"{"callback_id": "cb_1"}"#, CallbackSelection.callback("cb_1")), (#"{"task_id": "T"}"#, .task("T")),
        (#"{"all_dead": true}"#, .allDead),
    ])
    func aReplaySaysHowMany(body: String, selection: CallbackSelection) async throws {
        try await TestServer.run(store: { $0.replayed = .success(7) }) { server in
            let answer = try await server.exchange("POST", "/api/callbacks/replay", body: body)
            #expect(answer.status == 200)
            #expect(answer.json["data"]["replayed"].int == 7)
            #expect(server.store.calls == [.replay(selection)])
        }
    }
}
