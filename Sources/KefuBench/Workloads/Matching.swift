// How fast events are looked at that fire nothing, which is what most events do: with and without keeping them for
// tasks that look back.

extension Workload {
    private static let connections = 64
    private static let batchConnections = 8
    private static let batchLength = 100
    private static let armedTasks = 20_000
    /// Tasks of each customer that has some.
    private static let pending = 20
    private static let kept = RateGoals(kefu: 25, redis: 18)
    private static let notKept = RateGoals(kefu: 25, redis: 9)

    static let events = Workload(
        name: "events", summary: "messages of customers with nothing pending, \(connections) connections"
    ) { (stage, effort) throws(BenchError) in
        try strangers(on: stage, effort, goals: kept)
    }

    static let unloggedEvents = Workload(
        name: "events-unlogged", summary: "the same with KEFU_EVENT_LOG_SECONDS=0", setting: .unlogged
    ) { (stage, effort) throws(BenchError) in
        try strangers(on: stage, effort, goals: notKept)
    }

    static let armedEvents = Workload(
        name: "armed", summary: "messages that match none of the customer's \(pending) tasks"
    ) { (stage, effort) throws(BenchError) in
        try fill(stage, with: 0..<armedTasks, perCustomer: pending)
        return try unmatched(on: stage, effort, customers: armedTasks / pending, goals: kept)
    }

    static let unloggedArmedEvents = Workload(
        name: "armed-unlogged", summary: "the same with KEFU_EVENT_LOG_SECONDS=0", setting: .unlogged
    ) { (stage, effort) throws(BenchError) in
        try fill(stage, with: 0..<armedTasks, perCustomer: pending)
        return try unmatched(on: stage, effort, customers: armedTasks / pending, goals: notKept)
    }

    static let eventBatches = Workload(
        name: "event-batch", summary: "messages of customers with nothing pending in batches of \(batchLength)"
    ) { (stage, effort) throws(BenchError) in
        try strangersInBatches(on: stage, effort, goals: RateGoals(kefu: 6))
    }

    static let unloggedEventBatches = Workload(
        name: "event-batch-unlogged", summary: "the same with KEFU_EVENT_LOG_SECONDS=0", setting: .unlogged
    ) { (stage, effort) throws(BenchError) in
        try strangersInBatches(on: stage, effort, goals: RateGoals(kefu: 6, redis: 6))
    }

    /// Events of ever other customers with nothing pending.
    static func strangers(
        on stage: Stage, _ effort: Effort, of part: String? = nil, goals: RateGoals
    ) throws(BenchError) -> [Figure] {
        let template = RequestTemplate(path: "/api/event", body: TaskText.strangerMessage)
        let loop = try ClosedLoop(on: stage, connections: connections, template: template)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        return Figure.rate(.event, answers, cost, of: part, goals: goals)
    }

    /// Events of so many customers by turns, each with tasks that they do not match.
    static func unmatched(
        on stage: Stage, _ effort: Effort, of part: String? = nil, customers: Int, goals: RateGoals
    ) throws(BenchError) -> [Figure] {
        let template = RequestTemplate(
            path: "/api/event", body: TaskText.message(TaskText.otherText), perCustomer: 1)
        let loop = try ClosedLoop(on: stage, connections: connections, template: template, wrap: customers)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        return Figure.rate(.event, answers, cost, of: part, goals: goals)
    }

    private static func strangersInBatches(
        on stage: Stage, _ effort: Effort, goals: RateGoals
    ) throws(BenchError) -> [Figure] {
        let template = RequestTemplate(
            path: "/api/event/batch", body: TaskText.strangerMessage, copies: batchLength)
        let loop = try ClosedLoop(on: stage, connections: batchConnections, template: template, step: batchLength)
        let (answers, cost) = try loop.measure(seconds: effort.seconds)
        return Figure.rate(.event, answers * batchLength, cost, goals: goals)
    }
}
