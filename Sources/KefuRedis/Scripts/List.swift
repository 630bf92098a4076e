import KefuCore

extension RedisTaskStore {
    package func list(_ query: ListQuery) async throws(StoreError) -> TaskPage {
        var arguments: [RedisArgument] = [
            .string(keys.prefix), .integer(query.limit), .string(query.after.map { String($0.createdAtMs) }),
            .string(query.after?.taskID), .string(query.text), .string(query.taskID),
        ]
        func filter(_ name: RedisArgument, _ value: String?) {
            if let value { arguments += [name, .string(value)] }
        }
        filter("status", query.status?.rawValue)
        filter("type", query.type)
        filter("priority", query.priority?.rawValue)
        filter("created_by", query.createdBy)
        // Otherwise its own set is what is walked.
        if query.taskID != nil { filter("customer_id", query.customerID) }
        let key = query.customerID.map(keys.customer) ?? keys.created
        var reader = try await run(ScriptCall(scripts.list, keys: [key], arguments: arguments))
        var tasks: [TaskRecord] = []
        for var row in try reader.rows() {
            let id = try row.string()
            tasks.append(try TaskRecord(id: id, fields: row.fields()))
        }
        let created = try reader.optionalInt()
        let id = try reader.optionalString()
        guard let created, let id else { return TaskPage(tasks: tasks, next: nil) }
        return TaskPage(tasks: tasks, next: ListQuery.Cursor(createdAtMs: created, taskID: id))
    }
}
