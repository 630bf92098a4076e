// What waiting costs: memory of Redis for a task, and what goes on when nothing happens.

extension Workload {
    private static let earlierTasks = 10_000
    private static let measuredTasks = 20_000
    private static let idleTasks = 1000
    private static let idleSeconds = 10
    /// Longer than Redis takes to give back the buffers of its last clients, and than a heartbeat's distance.
    private static let settleMilliseconds: Int32 = 6000

    static let memory = Workload(
        name: "memory", summary: "Redis with \(measuredTasks) tasks, ten a customer, waiting and finished",
        setting: .unlogged
    ) { (stage, _) throws(BenchError) in
        // Those before them fill what has a limit of its own: the stream of changes.
        try fill(stage, with: 0..<earlierTasks)
        try fire(0..<earlierTasks, on: stage)
        let before = try settled(stage)
        try fill(stage, with: earlierTasks..<earlierTasks + measuredTasks)
        let waiting = try settled(stage)
        try fire(earlierTasks..<earlierTasks + measuredTasks, on: stage)
        let finished = try settled(stage)
        func each(_ name: String, _ after: Int, atMost: Double) -> Figure {
            Figure(name, Double(after - before) / Double(measuredTasks), "bytes/task", goal: .atMost(atMost))
        }
        return [
            each("memory of Redis, waiting", waiting, atMost: 1000),
            each("memory of Redis, finished", finished, atMost: 900),
        ]
    }

    /// Memory that Redis uses once all is quiet, bytes.
    private static func settled(_ stage: Stage) throws(BenchError) -> Int {
        try Interruption.pause(milliseconds: settleMilliseconds)
        return try stage.redis.info("memory", "used_memory")
    }

    /// Fires the tasks with these numbers, by one event for each ten of a customer, and takes their callbacks.
    private static func fire(_ numbers: Range<Int>, on stage: Stage) throws(BenchError) {
        var callbacks = 0
        stage.callbacks.received = { (_, _) throws(BenchError) in callbacks += 1 }
        let template = RequestTemplate(path: "/api/event", body: TaskText.message("好的"), perCustomer: 1)
        let loop = try ClosedLoop(
            on: stage, connections: 1, template: template, first: numbers.lowerBound / TaskText.perCustomer)
        try loop.send(requests: numbers.count / TaskText.perCustomer)
        let isDone = try stage.reactor.run(until: Moment.monotonic() + 60_000_000_000) { callbacks == numbers.count }
        guard isDone else { throw BenchError("\(numbers.count - callbacks) tasks without a callback after 60 s") }
    }

    static let idle = Workload(
        name: "idle", summary: "\(idleSeconds) s with \(idleTasks) waiting tasks and nothing to do"
    ) { (stage, _) throws(BenchError) in
        let atRest = stage.residentMB
        try fill(stage, with: 0..<idleTasks)
        try Interruption.pause(milliseconds: settleMilliseconds)
        let watch = try CommandWatch(path: stage.server.path, reactor: stage.reactor)
        var reports = 0
        watch.noticed = { if $0.contains("\"INFO\"") { reports += 1 } }
        let before = Consumption.reading(of: stage)
        _ = try stage.reactor.run(until: Moment.monotonic() + Int64(idleSeconds) * 1_000_000_000)
        let cost = Consumption.reading(of: stage) - before
        // A heartbeat is the one script that writes, and an INFO behind it.
        let heartbeats = Double(watch.writing + reports)
        let others = Double(watch.commands) - heartbeats
        return [
            Figure("commands to Redis of heartbeats", heartbeats / cost.seconds, "/s"),
            Figure("other commands to Redis", others / cost.seconds, "/s", goal: .atMost(1)),
            Figure("CPU of kefu", Double(cost.kefu) / cost.seconds / 1e6, "ms/s"),
            Figure("memory of kefu before its first task", atRest, "MB", goal: .atMost(40)),
        ]
    }
}
