import Foundation

// What the gateway and the callback server saw, against what Redis says: guarantees 4, 5 and 6.
extension Checker {
    // MARK: 4

    static func sameKey(_ course: Course) -> [String] {
        var wrong: [String] = []
        for sending in course.sendings where sending.key != key(of: sending.turn) {
            wrong.append("generation \(sending.turn.generation) was sent under the key \(sending.key)")
        }
        for generation in course.generations {
            let attempts = course.sendings.filter { $0.turn.generation == generation }.map(\.attempt)
            if Set(attempts).count != attempts.count {
                wrong.append("an attempt was sent twice: \(attempts) of generation \(generation)")
            }
            if attempts.count > course.count("claimed", in: generation) {
                wrong.append("more requests than claims in generation \(generation)")
            }
            if course.count("completed", in: generation) > 1 {
                wrong.append("completed more than once in generation \(generation)")
            }
        }
        for sending in course.sendings where !course.generations.contains(sending.turn.generation) {
            wrong.append("generation \(sending.turn.generation) was sent, which never was")
        }
        return wrong + lateAnswers(course)
    }

    /// The result is of an answer that was given, and of the attempt that counted last.
    private static func lateAnswers(_ course: Course) -> [String] {
        guard let record = course.record, record["status"] == "completed", let result = record["result"] else {
            return []
        }
        let attempt = Int(record["attempts"] ?? "") ?? 0
        let generation = Int(record["generation"] ?? "") ?? 0
        let last = course.sendings.last { $0.turn.generation == generation && $0.attempt == attempt }
        guard let last else { return ["its result is of attempt \(attempt), which was never sent"] }
        return result == Sending.result(by: last.instance, attempt: attempt)
            ? [] : ["its result is \(result), and attempt \(attempt) was sent by \(last.instance)"]
    }

    /// As the contract writes it: `<task_id>:<generation>`, percent-encoded outside `A–Z a–z 0–9 _ - . ~`.
    static func key(of turn: TaskTurn) -> String {
        var plain = CharacterSet(charactersIn: "_-.~")
        plain.insert(charactersIn: "a"..."z")
        plain.insert(charactersIn: "A"..."Z")
        plain.insert(charactersIn: "0"..."9")
        return "\(turn.task.addingPercentEncoding(withAllowedCharacters: plain) ?? "-"):\(turn.generation)"
    }

    // MARK: 5

    static func calledBack(_ course: Course) -> [String] {
        struct End: Hashable {
            var turn: TaskTurn
            var status: String
            var at: Int64
        }
        var wrong: [String] = []
        let ends = course.changes.filter { ["completed", "failed", "cancelled"].contains($0.status) }
        var told = Dictionary(grouping: course.deliveries) { End(turn: $0.turn, status: $0.status, at: $0.of) }
        var ids: Set<String> = []
        for end in ends {
            let found = told.removeValue(forKey: End(turn: end.turn, status: end.status, at: end.at)) ?? []
            let what = "\(end.status) of generation \(end.turn.generation)"
            if !found.contains(where: \.isAccepted) { wrong.append("\(what) was never called back") }
            if Set(found.map(\.id)).count > 1 { wrong.append("\(what) was called back under several callback_ids") }
            if Set(found.map(\.body)).count > 1 { wrong.append("\(what) was called back with several bodies") }
            for id in Set(found.map(\.id)) where !ids.insert(id).inserted {
                wrong.append("\(what) has the callback_id of another state: \(id)")
            }
        }
        wrong += told.keys.map { "\($0.status) of generation \($0.turn.generation) was called back and never was" }
        return wrong
    }

    // MARK: 6

    /// The record against the changes that led to it. The queues are the key space's business.
    static func inPlace(_ course: Course) -> [String] {
        guard let record = course.record, let last = course.changes.last else {
            return course.record == nil && course.changes.isEmpty
                ? [] : ["a record without changes, or changes without a record"]
        }
        var wrong: [String] = []
        let generation = Int(record["generation"] ?? "") ?? 0
        if last.turn.generation != generation || last.status != record["status"] {
            wrong.append("its last change was to \(last.status), its record says \(record["status"] ?? "nothing")")
        }
        let pauses = course.count("retrying", in: generation)
        if pauses != Int(record["retry_count"] ?? "0") {
            wrong.append("\(pauses) pauses, retry_count \(record["retry_count"] ?? "0")")
        }
        if pauses > course.promise.maxRetry { wrong.append("\(pauses) retries of \(course.promise.maxRetry)") }
        let claims = course.count("claimed", in: generation)
        let given = course.count("released", in: generation)
        let attempts = Int(record["attempts"] ?? "0") ?? 0
        if attempts > claims || attempts < claims - given { wrong.append("\(claims) claims, \(attempts) attempts") }
        wrong += reason(course, record, generation)
        return wrong
    }

    /// A task fails for a reason that can be seen.
    private static func reason(_ course: Course, _ record: [String: String], _ generation: Int) -> [String] {
        guard course.changes.last?.status == "failed" else { return [] }
        let cause = course.changes.last?.cause ?? "-"
        let isRight =
            switch cause {
            case "timeout":
                !course.promise.isPatient && course.count("triggered", in: generation) == 0
                    && course.changes.last?.at ?? 0 >= Int64(record["deadline_at"] ?? "") ?? .max
            case "gateway_rejected": course.promise.isRefused
            case "retries_exhausted": course.count("retrying", in: generation) == course.promise.maxRetry
            case "lost": course.count("lease_lost", in: generation) >= 4
            default: false
            }
        return isRight ? [] : ["failed by \(cause), for which there was no reason"]
    }
}

extension Sending {
    /// What the gateway of these tests answers a successful attempt with.
    static func result(by instance: String, attempt: Int) -> String {
        #"{"by": "\#(instance)", "attempt": \#(attempt)}"#
    }
}
