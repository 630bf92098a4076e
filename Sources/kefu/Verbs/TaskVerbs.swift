import ArgumentParser

struct StatusVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show everything about one task.",
        discussion: """
            EXAMPLES
              kefu status TASK_001
              kefu status TASK_001 --json
            """)

    @Argument(help: "The task's id.") var id: String
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            let answer = try await api.get("/api/task/status/\(APIClient.percentEncoded(id))")
            try client.show(answer) { TaskText.everything($0.data) }
        }
    }
}

struct CancelVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel a task: its action will not run.",
        discussion: """
            An attempt that is under way may still succeed; then the command ends with 1 and says so.

            EXAMPLES
              kefu cancel TASK_001 --reason 客户已退款
            """)

    @Argument(help: "The task's id.") var id: String
    @Option(help: "Why; kept with the task.") var reason: String?
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.post("/api/task/cancel", body: TaskBody.naming(id, reason: reason))) {
                TaskText.outcome($0)
            }
        }
    }
}

struct RetryVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queue a failed task once more.",
        discussion: """
            Only for tasks that had fired; one whose deadline passed is issued anew with `kefu send`.

            EXAMPLES
              kefu retry TASK_001
            """)

    @Argument(help: "The task's id.") var id: String
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.post("/api/task/retry", body: TaskBody.naming(id))) { TaskText.outcome($0) }
        }
    }
}

struct FireVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fire", abstract: "Fire a waiting task now, as if its trigger had come.",
        discussion: """
            EXAMPLES
              kefu fire TASK_001
            """)

    @Argument(help: "The task's id.") var id: String
    @OptionGroup var client: ClientOptions

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.post("/api/task/fire", body: TaskBody.naming(id))) { TaskText.outcome($0) }
        }
    }
}
