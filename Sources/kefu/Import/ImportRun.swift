import KefuCore

/// Moves one file's tasks over, page by page, through the API of a running instance. What an instance has already, in
/// whatever state, is not sent again: so it may be interrupted at any moment, and run again.
struct ImportRun {
    /// How often a call that was not answered, or was put off (429, 503), is made.
    static let attempts = 6
    /// In bytes: a batch of the API takes 4 MiB.
    static let bytesPerBatch = 2 * 1024 * 1024
    /// Look-ups at once.
    static let lookUps = 8

    let api: APIClient
    let database: OldDatabase
    let migration: Migration
    /// Where finished tasks are written down.
    let history: HistoryFile?
    var ledger: ImportLedger
    /// Told how many rows have been looked at.
    let progress: (Int) -> Void
    /// An instance that has answered before may come back; one that never did is told at once.
    private var hasAnswered = false

    private struct Candidate {
        var task: OldTask
        var body: [UInt8]
        var note: String
    }

    init(
        api: APIClient, database: OldDatabase, migration: Migration, history: HistoryFile?, ledger: ImportLedger,
        progress: @escaping (Int) -> Void
    ) {
        self.api = api
        self.database = database
        self.migration = migration
        self.history = history
        self.ledger = ledger
        self.progress = progress
    }

    mutating func run() async throws {
        var row = Int64.min
        var seen = 0
        while true {
            let page = try database.page(after: row)
            guard let last = page.last else { return }
            try await move(page)
            row = last.row
            seen += page.count
            progress(seen)
        }
    }

    private mutating func move(_ page: [OldTask]) async throws {
        var candidates: [Candidate] = []
        var finished: [OldTask] = []
        for task in page {
            switch migration.decide(task) {
            case .send(let body, let hours, let remark):
                let note = "\(Migration.text(hours: hours)) h left"
                candidates.append(
                    Candidate(task: task, body: body, note: note + (remark.map { "; \($0)" } ?? "")))
            case .expired(let hours):
                note(task, .expired, "its time was over \(Migration.text(hours: hours)) h ago")
            case .unmovable(let field, let reason): note(task, .unmovable, reason, field: field)
            case .refused(let field, let reason): note(task, .refused, reason, field: field)
            case .finished: finished.append(task)
            }
        }
        for _ in finished { ledger.count(.finished) }
        try history?.append(finished, migration)
        try await send(try await absent(candidates))
    }

    private mutating func note(_ task: OldTask, _ outcome: ImportLedger.Outcome, _ note: String, field: String? = nil) {
        ledger.note(.init(task: task, outcome: outcome, field: field, note: note))
    }

    /// Those that the instance does not have; of the others it says where they stand.
    private mutating func absent(_ candidates: [Candidate]) async throws -> [Candidate] {
        let (api, isPatient) = (api, hasAnswered)
        var absent: [Candidate] = []
        for start in stride(from: 0, to: candidates.count, by: Self.lookUps) {
            let some = candidates[start..<min(start + Self.lookUps, candidates.count)]
            let answers = try await withThrowingTaskGroup(of: (Int, Envelope).self) { group in
                for (index, candidate) in zip(some.indices, some) {
                    let path = "/api/task/status/\(APIClient.percentEncoded(candidate.task.id))"
                    group.addTask { (index, try await Self.insisting(isPatient) { try await api.get(path) }) }
                }
                return try await group.reduce(into: [Int: Envelope]()) { $0[$1.0] = $1.1 }
            }
            hasAnswered = true
            for index in some.indices {
                guard let answer = answers[index] else { continue }
                switch answer.httpStatus {
                case 404: absent.append(candidates[index])
                case 200: noteKnown(candidates[index].task, answer.data)
                default: throw Refused(answer: answer)
                }
            }
        }
        return absent
    }

    private mutating func noteKnown(_ task: OldTask, _ known: JSONNode) {
        let columns = ["customer_id", "type", "trigger_type", "action_type", "action_message"]
        if let other = columns.first(where: { (task[$0] ?? "") != known[$0].text }) {
            note(task, .refused, "another task has this id: its \(other) is \(known[other].text)", field: "task_id")
        } else {
            note(task, .present, known["status"].text)
        }
    }

    private mutating func send(_ candidates: [Candidate]) async throws {
        guard !ledger.isDryRun else {
            for candidate in candidates { note(candidate.task, .accepted, candidate.note) }
            return
        }
        var rest = candidates[...]
        while !rest.isEmpty {
            var size = 0
            let batch = rest.prefix { candidate in
                size += candidate.body.count + 1
                return size <= Self.bytesPerBatch
            }
            try await sendBatch(Array(batch.isEmpty ? rest.prefix(1) : batch))
            rest = rest.dropFirst(max(batch.count, 1))
        }
    }

    /// The same bodies again for what was put off: then `duplicate` says that the first try had arrived.
    private mutating func sendBatch(_ batch: [Candidate]) async throws {
        var batch = batch
        for attempt in 1...Self.attempts where !batch.isEmpty {
            if attempt > 1 { try await Self.pause(after: attempt - 1) }
            let items = Array(batch.map(\.body).joined(separator: ",".utf8))
            let body = Array("[".utf8) + items + Array("]".utf8)
            let api = api
            let answer = try await Self.insisting(true) { try await api.post("/api/task/receive/batch", body: body) }
            guard answer.httpStatus == 200 else { throw Refused(answer: answer) }
            let results = answer.data["results"].elements
            guard results.count == batch.count else {
                throw Unreachable(description: "\(api.base) answered \(results.count) of \(batch.count) tasks")
            }
            var putOff: [Candidate] = []
            for (candidate, result) in zip(batch, results) {
                switch result["code"].integer ?? 0 {
                case 200 where result["duplicate"] == .bool(true): note(candidate.task, .present, result["status"].text)
                case 200: note(candidate.task, .accepted, candidate.note)
                case 429, 500...: putOff.append(candidate)
                default:
                    let error = result["error"]
                    note(candidate.task, .refused, error["detail"].text, field: error["field"].string ?? "task_id")
                }
            }
            batch = putOff
        }
        if !batch.isEmpty {
            throw Unreachable(
                description: "\(api.base) could not take \(batch.count) tasks; run it again, nothing is sent twice")
        }
    }

    /// Makes a call until it is answered, and not by "later".
    private static func insisting(
        _ isPatient: Bool, _ call: @Sendable () async throws -> Envelope
    ) async throws -> Envelope {
        for attempt in 1..<attempts {
            do {
                let answer = try await call()
                if answer.httpStatus != 429 && answer.httpStatus != 503 { return answer }
            } catch is Unreachable where isPatient {
                // It may be restarting.
            }
            try await pause(after: attempt)
        }
        return try await call()
    }

    /// Before a call is made again: what was refused for want of capacity must not come back at once.
    private static func pause(after attempt: Int) async throws {
        // Ends with the verb.
        try await Task.sleep(for: .milliseconds(250 << attempt))
    }
}
