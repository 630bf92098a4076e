import KefuCore

// Tasks as they come in, and what senders and operators do to them.
extension APIRoutes {
    func receive(_ request: Request) async throws(APIError) -> Answer {
        var task = try read(request.body, reader.task)
        task.trace = request.trace
        let outcome = try await calling { () async throws(StoreError) in try await intake.receive(task) }
        switch outcome {
        case .accepted(let generation):
            return .success("任务接收成功") { writer in
                writer.beginObject()
                writer.accepted(task.id, generation: generation)
                writer.endObject()
            }
        case .duplicate(let status):
            return .success("任务已接收，内容相同") { writer in
                writer.beginObject()
                writer.duplicate(task.id, status: status)
                writer.endObject()
            }
        case .conflict(let status): throw .occupied(status)
        }
    }

    func receiveBatch(_ request: Request) async throws(APIError) -> Answer {
        let items = try read(request.body, reader.tasks)
        // What could not be read is answered below.
        var tasks = items.compactMap { try? $0.result.get() }
        if let trace = request.trace { for index in tasks.indices { tasks[index].trace = trace } }
        let results = tasks.isEmpty ? [] : await intake.receive(tasks)
        var rest = results.makeIterator()
        var answer = Answer.success("批量任务处理完成", capacity: 128 * items.count + 64) { writer in
            writer.results(items) { writer, item in
                switch item.result {
                case .failure(let error): writer.entry(APIError(error), taskID: item.id)
                case .success(let task): writer.entry(task.id, rest.next())
                }
            }
        }
        answer.note(results)
        return answer
    }

    func cancel(_ request: Request) async throws(APIError) -> Answer {
        let command = try read(request.body, reader.taskCommand)
        let outcome = try await calling { () async throws(StoreError) in
            try await intake.cancel(taskID: command.taskID, reason: command.reason)
        }
        switch outcome {
        case .cancelled: return .changed("任务已取消", command.taskID, .cancelled)
        case .alreadyCancelled: return .changed("任务此前已取消", command.taskID, .cancelled)
        case .requested(let status):
            throw .conflict(
                "任务正在执行，已记录取消请求", status: status, cancelRequested: true,
                detail: "an attempt is under way and may still succeed; any other end of it is 'cancelled'")
        case .busy(let status):
            throw .conflict(
                "任务的上一次执行可能尚未结束，请稍后再取消", status: status, cancelRequested: false,
                detail: "the last attempt's holder may still be sending; nothing was changed, ask again shortly"
            ).retry(afterSeconds: 1)
        case .conflict(let status):
            throw .conflict("任务已结束，无法取消", status: status, detail: "a task in this state cannot be cancelled")
        case .missing: throw .unknownTask
        }
    }

    func retry(_ request: Request) async throws(APIError) -> Answer {
        let command = try read(request.body, reader.taskCommand)
        let outcome = try await calling { () async throws(StoreError) in
            try await intake.retry(taskID: command.taskID)
        }
        switch outcome {
        case .done: return .changed("任务已重新排队", command.taskID, .waiting)
        case .conflict(let status):
            throw .conflict("任务当前状态不允许重试", status: status, detail: "only a failed task that had fired is retried")
        case .missing: throw .unknownTask
        }
    }

    func fire(_ request: Request) async throws(APIError) -> Answer {
        let command = try read(request.body, reader.taskCommand)
        let outcome = try await calling { () async throws(StoreError) in
            try await intake.fire(taskID: command.taskID)
        }
        switch outcome {
        case .done: return .changed("任务已手动触发", command.taskID, .waiting)
        case .conflict(let status):
            throw .conflict("任务当前状态不允许触发", status: status, detail: "only a task that waits for its trigger is fired")
        case .missing: throw .unknownTask
        }
    }
}

extension Answer {
    /// `{"task_id", "status"}`.
    fileprivate static func changed(_ message: StaticString, _ taskID: String, _ status: TaskStatus) -> Answer {
        .success(message) { writer in
            writer.beginObject()
            writer.key("task_id")
            writer.string(taskID)
            writer.key("status")
            writer.string(status.rawValue)
            writer.endObject()
        }
    }
}

extension APIError {
    fileprivate static func occupied(_ status: TaskStatus) -> APIError {
        .conflict("任务编号已被另一内容的任务占用", status: status, detail: "another task has this task_id")
    }
}

extension JSONWriter {
    fileprivate mutating func accepted(_ taskID: String, generation: Int) {
        key("task_id")
        string(taskID)
        key("status")
        string(TaskStatus.pending.rawValue)
        // Told only when the id is issued anew: the first answer is the old system's, to the letter.
        if generation > 1 {
            key("generation")
            int(generation)
        }
    }

    fileprivate mutating func duplicate(_ taskID: String, status: TaskStatus) {
        key("task_id")
        string(taskID)
        key("status")
        string(status.rawValue)
        key("duplicate")
        bool(true)
    }

    /// A batch's entry for a task that was read.
    fileprivate mutating func entry(_ taskID: String, _ result: Result<ReceiveOutcome, StoreError>?) {
        switch result {
        case .success(.accepted(let generation)):
            entry(200, "任务接收成功") { $0.accepted(taskID, generation: generation) }
        case .success(.duplicate(let status)):
            entry(200, "任务已接收，内容相同") { $0.duplicate(taskID, status: status) }
        case .success(.conflict(let status)): entry(.occupied(status), taskID: taskID, status: status)
        case .failure(let error): entry(APIError(error), taskID: taskID)
        case nil: entry(APIError(.defect("the store answered fewer tasks than it was given")), taskID: taskID)
        }
    }

    fileprivate mutating func entry(_ error: APIError, taskID: String?, status: TaskStatus? = nil) {
        entry(error.status, error.message) { writer in
            writer.key("task_id")
            writer.string(taskID)
            writer.key("status")
            writer.string(status?.rawValue)
            writer.key("error")
            writer.error(error)
        }
    }
}
