import KefuCore

// A change of a task that still waits for its trigger.
extension APIRoutes {
    func update(_ request: Request) async throws(APIError) -> Answer {
        let update = try read(request.body, reader.taskUpdate)
        let outcome = try await calling { () async throws(StoreError) in try await intake.update(update) }
        switch outcome {
        case .updated(let record):
            return .success("任务已更新", capacity: 2_048) { writer in writer.task(record, times) }
        case .conflict(let status):
            throw .conflict(
                "任务当前状态不允许修改", status: status, detail: "only a task that waits for its trigger is changed")
        case .missing: throw .unknownTask
        case .untimed: throw .validation("time", "must not be given: no trigger of this task is a time_reach")
        case .late:
            throw .validation(
                "timeout_hours", "must be longer: the deadline would have passed already (end a task by cancelling it)")
        case .textless:
            let most = InputLimits.messageCharacters
            throw .validation("message", "must be 1–\(most) characters long, as nothing else is sent")
        }
    }
}
