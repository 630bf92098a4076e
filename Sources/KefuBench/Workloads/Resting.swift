// What waiting costs: memory of Redis for a waiting task, and what goes on when nothing happens.

extension Workload {
    private static let waitingTasks = 20_000
    private static let idleTasks = 1000
    private static let idleSeconds = 10
    /// Longer than Redis takes to give back the buffers of its last clients, and than a heartbeat's distance.
    private static let settleMilliseconds: Int32 = 6000

    static let waiting = Workload(
        name: "waiting", summary: "memory of \(waitingTasks) waiting tasks, ten a customer"
    ) { (stage, _) throws(BenchError) in
        try Interruption.pause(milliseconds: settleMilliseconds)
        let before = try stage.redis.info("memory", "used_memory")
        try fill(stage, with: waitingTasks)
        try Interruption.pause(milliseconds: settleMilliseconds)
        let after = try stage.redis.info("memory", "used_memory")
        return [
            Figure(
                workload: "waiting", name: "memory of Redis", value: Double(after - before) / Double(waitingTasks),
                unit: "bytes/task", atMost: 1200)
        ]
    }

    static let idle = Workload(
        name: "idle", summary: "\(idleSeconds) s with \(idleTasks) waiting tasks and nothing to do"
    ) { (stage, _) throws(BenchError) in
        try fill(stage, with: idleTasks)
        try Interruption.pause(milliseconds: settleMilliseconds)
        let watch = try CommandWatch(path: stage.redisPath, reactor: stage.reactor)
        let before = Consumption.reading(of: stage)
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(idleSeconds) * 1_000_000_000)
        let cost = Consumption.reading(of: stage) - before
        let beats = Double(idleSeconds) / 5
        return [
            Figure(
                workload: "idle", name: "commands to Redis", value: Double(watch.commands) / cost.seconds, unit: "/s",
                atMost: 2),
            Figure(
                workload: "idle", name: "of them writing, in \(idleSeconds) s", value: Double(watch.writing),
                unit: "", atMost: beats),
            Figure(
                workload: "idle", name: "CPU of kefu", value: Double(cost.kefu) / cost.seconds / 1e6, unit: "ms/s"),
            Figure(
                workload: "idle", name: "memory of kefu", value: Double(stage.kefu.residentBytes) / 1e6, unit: "MB"),
        ]
    }
}
