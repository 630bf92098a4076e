import KefuRedis
import TestSupport

/// Reads the stream of changes faster than Redis trims it. What is read is Redis's own word on what happened, and in
/// which order.
actor ChangesTail {
    private let redis: PrivateRedis
    private let recorder: Recorder
    private var last = "-"
    private var entriesOfTwo = 0

    init(redis: PrivateRedis, recorder: Recorder) {
        self.redis = redis
        self.recorder = recorder
    }

    /// Until its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                if try await read() == 0 { try await lasting(.milliseconds(100)) }
            } catch {
                // Redis is away, or the run is over.
            }
            await Task.yield()
        }
    }

    /// What is left, and how many entries there were in all.
    func finish() async throws {
        while try await read() > 0 {}
        let facts = try await redis.answer("XINFO", "STREAM", "kefu:{0}:changes").array ?? []
        for (name, value) in zip(facts, facts.dropFirst()) where name.text == "entries-added" {
            let made = Int(value.integer ?? 0) + entriesOfTwo
            recorder.record { $0.changesMade = made }
        }
    }

    private func read() async throws -> Int {
        let from = last == "-" ? last : "(\(last)"
        let entries = try await redis.answer("XRANGE", "kefu:{0}:changes", from, "+", "COUNT", "2000").array ?? []
        var changes: [Change] = []
        for entry in entries {
            guard let id = entry.array?.first?.text, let line = entry.array?.last?.array?.last?.text else { continue }
            last = id
            let words = line.split(separator: " ").map { String($0) }
            guard words.count == 6, let at = Int64(words[3]), let generation = Int(words[5]) else { continue }
            var change = Change(
                turn: TaskTurn(task: words[0], generation: generation), status: words[1], cause: words[2], at: at,
                customer: words[4])
            if change.status == "running", change.cause == "triggered" {
                // Fired and claimed in one step, which is judged as the two that it stands for.
                entriesOfTwo += 1
                change.status = "waiting"
                changes.append(change)
                (change.status, change.cause) = ("running", "claimed")
            }
            changes.append(change)
        }
        recorder.record { $0.changes += changes }
        return entries.count
    }
}
