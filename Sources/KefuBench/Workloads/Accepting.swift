// How fast tasks come in, one by one and in batches. Every acknowledged task is counted in Redis afterwards.

extension Workload {
    private static let connections = 64
    private static let batchConnections = 8
    private static let batchLength = 100

    static let accepts = Workload(
        name: "accept", summary: "tasks over \(connections) keep-alive connections, ten a customer"
    ) { (stage, seconds) throws(BenchError) in
        let template = RequestTemplate(path: "/api/task/receive", body: TaskText.body())
        let loop = try ClosedLoop(on: stage, connections: connections, template: template)
        let (answers, cost) = try loop.measure(seconds: seconds)
        try checkStored(loop.answered, on: stage)
        return Figure.rate("accept", "accept", answers, cost, kefuAtMost: 60) + [memory(of: stage)]
    }

    static let batches = Workload(
        name: "batch", summary: "tasks in batches of \(batchLength) over \(batchConnections) connections"
    ) { (stage, seconds) throws(BenchError) in
        let template = RequestTemplate(path: "/api/task/receive/batch", body: TaskText.body(), copies: batchLength)
        let loop = try ClosedLoop(on: stage, connections: batchConnections, template: template, step: batchLength)
        let (answers, cost) = try loop.measure(seconds: seconds)
        try checkStored(loop.answered * batchLength, on: stage)
        return Figure.rate("batch", "accept", answers * batchLength, cost)
    }

    /// Stores `count` waiting tasks (a multiple of the batch length), ten a customer.
    static func fill(_ stage: Stage, with count: Int) throws(BenchError) {
        let template = RequestTemplate(path: "/api/task/receive/batch", body: TaskText.body(), copies: batchLength)
        let loop = try ClosedLoop(on: stage, connections: 1, template: template, step: batchLength)
        try loop.send(requests: count / batchLength)
        try checkStored(count, on: stage)
    }

    private static func checkStored(_ acknowledged: Int, on stage: Stage) throws(BenchError) {
        let stored = try stage.taskCount()
        guard stored == acknowledged else {
            throw BenchError("\(acknowledged) tasks were acknowledged, \(stored) are stored")
        }
    }

    private static func memory(of stage: Stage) -> Figure {
        Figure(
            workload: "accept", name: "memory of kefu afterwards", value: Double(stage.kefu.residentBytes) / 1e6,
            unit: "MB")
    }
}
