/// Runs the last words of a cancelled task: calls that must be made although the task is cancelled.
enum Shield {
    /// The inner task is awaited at once, so it is never left to itself; only the cancellation does not reach it.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value {
        await Task(operation: body).value
    }
}
