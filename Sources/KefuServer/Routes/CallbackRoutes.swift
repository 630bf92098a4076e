import KefuCore

// The outbox of callbacks.
extension APIRoutes {
    func callbacks(_ request: Request) async throws(APIError) -> Answer {
        let parameters = try QueryParameters(request.query, known: ["state", "limit", "cursor"])
        let query = CallbackQuery(
            state: try parameters.word("state") ?? .pending, limit: try parameters.number("limit", in: 1...500) ?? 50,
            after: try parameters.cursor(.callback).map { .init(scoreMs: $0.number, callbackID: $0.id) })
        let page = try await calling { () async throws(StoreError) in try await store.callbacks(query) }
        return .success("查询成功", capacity: 64 + 320 * page.callbacks.count) { writer in
            writer.beginObject()
            writer.key("callbacks")
            writer.beginArray()
            for entry in page.callbacks { writer.callback(entry, times) }
            writer.endArray()
            writer.key("next_cursor")
            writer.string(page.next.map { PageCursor.callback.encode($0.scoreMs, $0.callbackID) })
            writer.endObject()
        }
    }

    func replayCallbacks(_ request: Request) async throws(APIError) -> Answer {
        let selection = try read(request.body, reader.callbackSelection)
        let count = try await calling { () async throws(StoreError) in try await store.replayCallbacks(selection) }
        return .success(count > 0 ? "回调已重新排队" : "没有可以重新排队的回调") { writer in
            writer.beginObject()
            writer.key("replayed")
            writer.int(count)
            writer.endObject()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func callback(_ entry: CallbackPage.Entry, _ times: TimeZoneRules) {
        beginObject()
        key("callback_id")
        string(entry.callbackID)
        key("task_id")
        string(entry.taskID)
        key("status")
        string(entry.status.rawValue)
        key("attempts")
        int(entry.attempts)
        key("last_error")
        string(entry.lastError)
        key("next_attempt_at")
        time(entry.nextAttemptAtMs, times)
        endObject()
    }
}
