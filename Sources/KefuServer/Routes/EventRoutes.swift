import KefuCore

// What customers did.
extension APIRoutes {
    func event(_ request: Request) async throws(APIError) -> Answer {
        var event = try read(request.body, reader.event)
        event.join(request.trace)
        let outcome = try await calling { () async throws(StoreError) in try await intake.match(event) }
        return .success(outcome.chineseMessage) { writer in
            writer.beginObject()
            writer.match(outcome)
            writer.endObject()
        }
    }

    func eventBatch(_ request: Request) async throws(APIError) -> Answer {
        let items = try read(request.body, reader.events)
        // What could not be read is answered below.
        var events = items.compactMap { try? $0.result.get() }
        if let trace = request.trace { for index in events.indices { events[index].join(trace) } }
        let results = events.isEmpty ? [] : await intake.match(events)
        var rest = results.makeIterator()
        var answer = Answer.success("批量事件处理完成", capacity: 96 * items.count + 64) { writer in
            writer.results(items) { writer, item in
                switch item.result {
                case .failure(let error): writer.entry(APIError(error))
                case .success: writer.entry(rest.next())
                }
            }
        }
        answer.note(results)
        return answer
    }
}

extension MatchOutcome {
    fileprivate var chineseMessage: StaticString {
        if duplicate { return "事件此前已处理" }
        return matched.isEmpty ? "事件已接收，没有匹配的任务" : "事件已接收，任务已触发"
    }
}

extension JSONWriter {
    fileprivate mutating func match(_ outcome: MatchOutcome) {
        key("matched")
        beginArray()
        for taskID in outcome.matched { string(taskID) }
        endArray()
        key("duplicate")
        bool(outcome.duplicate)
    }

    /// A batch's entry for an event that was read.
    fileprivate mutating func entry(_ result: Result<MatchOutcome, StoreError>?) {
        switch result {
        case .success(let outcome): entry(200, String(describing: outcome.chineseMessage)) { $0.match(outcome) }
        case .failure(let error): entry(APIError(error))
        case nil: entry(APIError(.defect("the store answered fewer events than it was given")))
        }
    }

    fileprivate mutating func entry(_ error: APIError) {
        entry(error.status, error.message) { writer in
            writer.match(MatchOutcome(matched: [], duplicate: false))
            writer.key("error")
            writer.error(error)
        }
    }
}
