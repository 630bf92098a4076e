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
            guard let id = entry.array?.first?.text, let fields = entry.array?.last?.array else { continue }
            last = id
            var named: [String: String] = [:]
            for index in stride(from: 0, to: fields.count - 1, by: 2) {
                named[fields[index].text ?? ""] = fields[index + 1].text
            }
            var change = Change(
                turn: TaskTurn(task: named["task_id"] ?? "", generation: Int(named["generation"] ?? "") ?? 0),
                status: named["status"] ?? "", cause: named["cause"] ?? "", at: Int64(named["at"] ?? "") ?? 0,
                customer: named["customer_id"] ?? "")
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
