// How fast events are looked at that fire nothing, which is what most events do.

extension Workload {
    private static let connections = 64
    private static let armedTasks = 10_000

    static let events = Workload(
        name: "events", summary: "messages of customers with nothing pending, \(connections) connections"
    ) { (stage, seconds) throws(BenchError) in
        let body = TaskText.message("请问什么时候发货", customer: TaskText.task)
        let loop = try ClosedLoop(
            on: stage, connections: connections, template: RequestTemplate(path: "/api/event", body: body))
        let (answers, cost) = try loop.measure(seconds: seconds)
        return Figure.rate("events, nothing pending", "event", answers, cost)
    }

    static let armedEvents = Workload(
        name: "armed", summary: "messages that match none of the customer's ten tasks, \(connections) connections"
    ) { (stage, seconds) throws(BenchError) in
        try fill(stage, with: armedTasks)
        let loop = try ClosedLoop(
            on: stage, connections: connections,
            template: RequestTemplate(path: "/api/event", body: TaskText.message("请问什么时候发货")), wrap: armedTasks)
        let (answers, cost) = try loop.measure(seconds: seconds)
        return Figure.rate("events, ten tasks pending", "event", answers, cost)
    }
}
