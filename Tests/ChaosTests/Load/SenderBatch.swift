import TestSupport

extension Sender {
    /// Posts what is left of a batch until each item was answered with 200.
    func batch(
        _ kind: Call.Kind, _ path: String, _ items: [(id: String, body: JSON)],
        read: (JSON) -> Call.Outcome
    ) async throws {
        let end = ContinuousClock.now + Self.limit
        var left = items
        while !left.isEmpty {
            let (heard, call) = await post(path, .array(left.map(\.body)))
            var entries: [JSON] = []
            if case .answer(let answer) = heard, answer.status == 200 { entries = answer.data["results"].elements }
            // Refused as a whole, or not answered.
            let whole = Self.outcome(of: heard) { _ in .unknown }
            var rest: [(id: String, body: JSON)] = []
            for (index, item) in left.enumerated() {
                let outcome = entries.indices.contains(index) ? Self.outcome(of: entries[index], read: read) : whole
                if outcome == nil { recorder.odd("\(item.id) in \(path) was answered \(heard)") }
                let found = outcome ?? .unchanged
                recorder.add(
                    Call(
                        kind: kind, subject: item.id, generation: kind == .receive ? 1 : 0, instance: call.instance,
                        invoked: call.invoked, ended: call.ended, outcome: found))
                if !found.isFinal { rest.append(item) }
            }
            left = rest
            guard ContinuousClock.now < end else {
                throw NotMet(description: "\(path) was not answered with 200 within \(Self.limit)")
            }
            if !left.isEmpty { try await lasting(.milliseconds(pick(20...120))) }
        }
    }

    /// Of one item of a batch.
    private static func outcome(of entry: JSON, read: (JSON) -> Call.Outcome) -> Call.Outcome? {
        switch entry["code"].int {
        case 200: return read(entry)
        case 409: return .conflict(status: entry["status"].string ?? "", cancelRequested: false)
        case 429: return .unchanged
        case 503:
            let detail = entry["error"]["detail"].string ?? ""
            return detail.contains("may have been carried out") ? .unknown : .unchanged
        default: return nil
        }
    }
}
