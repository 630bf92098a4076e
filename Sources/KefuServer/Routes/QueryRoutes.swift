import KefuCore

// What people and dashboards ask about tasks.
extension APIRoutes {
    func status(_ request: Request) async throws(APIError) -> Answer {
        let encoded = request.pathArgument ?? ""
        guard let taskID = PercentEncoding.decode(encoded[...].utf8, plusIsSpace: false) else {
            throw .badRequest("wrong percent-encoding in the path, or not UTF-8")
        }
        guard Identifier.isValid(taskID) else { throw .unknownTask }
        let record = try await calling { () async throws(StoreError) in try await store.status(taskID: taskID) }
        guard let record else { throw .unknownTask }
        return .success("查询成功", capacity: 2_048) { writer in writer.task(record, times) }
    }

    func list(_ request: Request) async throws(APIError) -> Answer {
        let query = try Self.listQuery(request.query)
        let page = try await calling { () async throws(StoreError) in try await store.list(query) }
        return .success("查询成功", capacity: 64 + 768 * page.tasks.count) { writer in
            writer.beginObject()
            writer.key("tasks")
            writer.beginArray()
            for task in page.tasks { writer.summary(task, times) }
            writer.endArray()
            writer.key("next_cursor")
            writer.string(page.next.map { PageCursor.task.encode($0.createdAtMs, $0.taskID) })
            writer.endObject()
        }
    }

    private static let listParameters = [
        "task_id", "status", "customer_id", "type", "priority", "created_by", "q", "limit", "cursor",
    ]

    static func listQuery(_ text: String) throws(APIError) -> ListQuery {
        let parameters = try QueryParameters(text, known: listParameters)
        var query = ListQuery()
        query.status = try parameters.word("status")
        query.taskID = try parameters.text("task_id", bytes: 128)
        query.customerID = try parameters.text("customer_id", bytes: 128)
        query.type = try parameters.text("type", bytes: 64)
        query.priority = try parameters.word("priority")
        query.createdBy = try parameters.text("created_by", bytes: 512)
        query.text = try parameters.text("q", bytes: 1_024)
        query.limit = try parameters.number("limit", in: 1...500) ?? query.limit
        query.after = try parameters.cursor(.task).map { .init(createdAtMs: $0.number, taskID: $0.id) }
        return query
    }

    func stats(_ request: Request) async throws(APIError) -> Answer {
        let stats = try await calling { () async throws(StoreError) in try await store.stats() }
        return .success("查询成功", capacity: 2_048) { writer in writer.stats(stats, times) }
    }

    /// The last hour unless another span is asked for.
    func history(_ request: Request) async throws(APIError) -> Answer {
        let span: History.Span = try QueryParameters(request.query, known: ["span"]).word("span") ?? .hour
        let history = try await calling { () async throws(StoreError) in try await store.history(span) }
        return .success("查询成功", capacity: 192 * history.points.count) { writer in writer.history(history, times) }
    }
}
