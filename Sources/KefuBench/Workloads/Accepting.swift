// How fast tasks come in, one by one and in batches. Every acknowledged task is counted in Redis afterwards.

extension Workload {
    private static let connections = 64
    private static let batchConnections = 8
    private static let batchLength = 100
    /// How many tasks are stored between two signs of life.
    private static let fillLength = 100_000

    static let accepts = Workload(
        name: "accept", summary: "tasks over \(connections) keep-alive connections, ten a customer"
    ) { (stage, effort) throws(BenchError) in
        try accepting(on: stage, effort, goals: RateGoals(kefu: 30, redis: 32))
    }

    static let batches = Workload(
        name: "batch", summary: "tasks in batches of \(batchLength) over \(batchConnections) connections"
    ) { (stage, effort) throws(BenchError) in
        let template = RequestTemplate(path: "/api/task/receive/batch", body: TaskText.body(), copies: batchLength)
        let loop = try ClosedLoop(on: stage, connections: batchConnections, template: template, step: batchLength)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        try checkStored(loop.answered * batchLength, on: stage)
        return Figure.rate(.accept, answers * batchLength, cost, goals: RateGoals(kefu: 10))
    }

    static func accepting(on stage: Stage, _ effort: Effort, goals: RateGoals) throws(BenchError) -> [Figure] {
        let template = RequestTemplate(path: "/api/task/receive", body: TaskText.body())
        let loop = try ClosedLoop(on: stage, connections: connections, template: template)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        try checkStored(loop.answered, on: stage)
        return Figure.rate(.accept, answers, cost, goals: goals)
    }

    /// Stores waiting tasks with these numbers; the stage has those before them. The bounds are multiples of the batch
    /// length.
    static func fill(
        _ stage: Stage, with numbers: Range<Int>, body: String = TaskText.body(),
        perCustomer: Int = TaskText.perCustomer
    ) throws(BenchError) {
        let template = RequestTemplate(
            path: "/api/task/receive/batch", body: body, copies: batchLength, perCustomer: perCustomer)
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: fillLength) {
            let count = min(fillLength, numbers.upperBound - first)
            let loop = try ClosedLoop(on: stage, connections: 1, template: template, step: batchLength, first: first)
            try loop.send(requests: count / batchLength)
            if numbers.count > fillLength { Progress.note("  \((Double(first + count)).shown) tasks are waiting") }
        }
        try checkStored(numbers.upperBound, on: stage)
    }

    private static func checkStored(_ acknowledged: Int, on stage: Stage) throws(BenchError) {
        let stored = try stage.taskCount()
        guard stored == acknowledged else {
            throw BenchError("\(acknowledged) tasks were acknowledged, \(stored) are stored")
        }
    }
}
