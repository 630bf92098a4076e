/// What `kefu top` knows, and how each thing that comes changes it. No terminal, no clock.
struct TopState: Sendable {
    enum Connection: Equatable, Sendable {
        case connecting, live
        case lost(String)
    }

    struct Failure: Equatable, Sendable {
        var at: String
        var taskID: String
        var customerID: String
        var cause: String
    }

    /// Those that are kept, the newest first.
    static let mostFailures = 100

    let server: String
    var connection = Connection.connecting
    /// `data` of the statistics.
    var stats = JSONNode.null
    /// Of the last hour, oldest first; empty when the instance does not tell.
    var minutes: [JSONNode] = []
    private(set) var failures: [Failure] = []

    init(server: String) { self.server = server }

    mutating func take(_ news: ChangeStream.News) {
        switch news {
        case .opened: connection = .live
        case .lost(let reason, _): connection = .lost(reason)
        case .event(let event): take(event)
        }
    }

    private mutating func take(_ event: ServerSentEvent) {
        guard let data = JSONNode(event.data) else { return }
        switch event.type {
        case "stats": stats = data
        case "task" where data["status"].string == "failed":
            let failure = Failure(
                at: data["at"].text, taskID: data["task_id"].text, customerID: data["customer_id"].text,
                cause: data["cause"].text)
            // After a lost connection something may come again.
            guard !failures.contains(failure) else { return }
            failures.insert(failure, at: 0)
            failures.removeLast(max(0, failures.count - Self.mostFailures))
        default: break
        }
    }

    /// A page of the list of failed tasks, in whatever order.
    mutating func take(failed tasks: [JSONNode]) {
        failures = tasks.map { task in
            Failure(
                at: task["completed_at"].text, taskID: task["task_id"].text, customerID: task["customer_id"].text,
                cause: task["error_code"].text)
        }.sorted { $0.at > $1.at }
    }
}
