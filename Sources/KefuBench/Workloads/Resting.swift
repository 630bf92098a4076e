// What waiting costs: memory of Redis for a task, and what goes on when nothing happens.

extension Workload {
    private static let measuredTasks = 20_000
    private static let idleTasks = 1000
    private static let idleSeconds = 10
    /// Longer than Redis takes to give back the buffers of its last clients, and than a heartbeat's distance.
    private static let settleMilliseconds: Int32 = 6000

    static let waiting = Workload(
        name: "waiting", summary: "memory of \(measuredTasks) waiting tasks, ten a customer"
    ) { (stage, _) throws(BenchError) in
        try Interruption.pause(milliseconds: settleMilliseconds)
        let before = try stage.redis.info("memory", "used_memory")
        try fill(stage, with: 0..<measuredTasks)
        try Interruption.pause(milliseconds: settleMilliseconds)
        let after = try stage.redis.info("memory", "used_memory")
        return [
            Figure("memory of Redis", Double(after - before) / Double(measuredTasks), "bytes/task", goal: .atMost(1000))
        ]
    }

    static let idle = Workload(
        name: "idle", summary: "\(idleSeconds) s with \(idleTasks) waiting tasks and nothing to do"
    ) { (stage, _) throws(BenchError) in
        let atRest = stage.residentMB
        try fill(stage, with: 0..<idleTasks)
        try Interruption.pause(milliseconds: settleMilliseconds)
        let watch = try CommandWatch(path: stage.server.path, reactor: stage.reactor)
        let before = Consumption.reading(of: stage)
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(idleSeconds) * 1_000_000_000)
        let cost = Consumption.reading(of: stage) - before
        // Nothing but the heartbeat writes.
        let others = Double(watch.commands - watch.writing)
        return [
            Figure("commands to Redis that write: heartbeats", Double(watch.writing) / cost.seconds, "/s"),
            Figure("other commands to Redis", others / cost.seconds, "/s", goal: .atMost(1)),
            Figure("CPU of kefu", Double(cost.kefu) / cost.seconds / 1e6, "ms/s"),
            Figure("memory of kefu before its first task", atRest, "MB", goal: .atMost(40)),
        ]
    }
}
