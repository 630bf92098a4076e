/// What verbs that go on until they are told to stop have in common.
enum Live {
    /// Runs the work until it throws, or until SIGINT, SIGTERM or the end of whoever reads the standard output ends
    /// it: quietly, because that is how such a verb ends.
    static func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let stop = await StopSignal.listen()
        let task = Task { try await work() }
        stop.whenTold { task.cancel() }
        let watch = Task {
            await Output.untilAbandoned()
            task.cancel()
        }
        defer { watch.cancel() }
        do {
            try await task.value
        } catch is CancellationError {
            // Asked for.
        } catch  where task.isCancelled {
            // What a cancelled call ends with.
        }
    }
}
