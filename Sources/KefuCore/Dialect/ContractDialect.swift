/// The built-in dialect: frames are what the contract posts and answers.
///
/// In comes an event as `POST /api/event` takes it, answered by `{"event_id", "code", "matched", "duplicate"}` and on
/// failure `"error": {"type", "field"?, "detail"}`. Out goes the gateway's body with `"id"` and `"idempotency_key"`
/// before it, answered by `{"id", "code", "result"?, "error"?, "retry_after"?}`: a frame with an `id` and no `type`.
package struct ContractDialect: PlatformDialect {
    /// Bytes of a result, as of a gateway's answer.
    package static let resultBytes = 64 * 1024
    /// As for `Retry-After`, in seconds.
    static let longestRetryAfter = 3600.0

    private let reader: RequestReader
    private let formatTime: @Sendable (Int64) -> String

    /// - Parameter formatTime: epoch milliseconds as the contract shows times, RFC 3339.
    package init(reader: RequestReader, formatTime: @escaping @Sendable (Int64) -> String) {
        self.reader = reader
        self.formatTime = formatTime
    }

    package func read(_ frame: UnsafeRawBufferPointer) -> IncomingFrame {
        do throws(InputError) {
            return try JSONReader.read(frame) { root in
                if root.member("type") == nil, let id = root.member("id")?.string {
                    return .answer(ActionAnswer(id: id, frame: Array(frame)))
                }
                return .events(EventFrame(events: [reader.event(root)]))
            }
        } catch {
            return .events(EventFrame(events: [BatchItem(id: nil, result: .failure(error))]))
        }
    }

    package func acknowledgements(of frame: EventFrame, outcomes: [EventOutcome]) -> [[UInt8]] {
        zip(frame.events, outcomes).map { event, outcome in
            var json = JSONWriter(capacity: 128)
            json.beginObject()
            json.key("event_id")
            json.string(event.id)
            json.outcome(outcome)
            json.endObject()
            return json.bytes
        }
    }

    package func actionFrame(_ request: ActionRequest, id: String) throws(InputError) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.key("id")
        json.string(id)
        json.key("idempotency_key")
        json.string(IdempotencyKey(taskID: request.taskID, generation: request.generation).value)
        GatewayBody.writeMembers(of: request, to: &json, formatTime: formatTime)
        json.endObject()
        return json.bytes
    }

    package func verdict(on answer: ActionAnswer, to kind: ActionKind) -> ActionVerdict {
        do throws(InputError) {
            return try answer.frame.withUnsafeBytes { bytes in
                Result { () throws(InputError) in try JSONReader.read(bytes, Self.verdict) }
            }.get()
        } catch {
            return ActionVerdict(answer: .failed(retryAfter: nil), error: "cannot be read: \(error.detail)")
        }
    }

    private static func verdict(_ answer: JSONElement) -> ActionVerdict {
        guard let number = answer.member("code")?.number, let code = Int(exactly: number) else {
            return ActionVerdict(answer: .failed(retryAfter: nil), error: "the answer has no code")
        }
        var verdict = ActionVerdict(answer: .rejected, status: code)
        switch code {
        case 200..<300:
            let result = answer.member("result").flatMap { $0.kind == .null ? nil : $0.compactJSON }
            let fits = result.map { $0.utf8.count <= resultBytes } ?? true
            verdict.answer = .accepted(resultJSON: fits ? result : nil)
            return verdict
        case 408, 425, 429, 500..<600:
            let seconds = answer.member("retry_after")?.number.map { min(max($0, 0), longestRetryAfter) }
            verdict.answer = .failed(retryAfter: seconds.map { .milliseconds(Int64($0 * 1000)) })
        default: break
        }
        let words = answer.member("error")?.string.map { ": " + AnswerExcerpt.of(Array($0.utf8)) }
        verdict.error = "platform answered \(code)\(words ?? "")"
        return verdict
    }
}

extension JSONWriter {
    fileprivate mutating func outcome(_ outcome: EventOutcome) {
        let error: (type: String, field: String?, detail: String)?
        var match = MatchOutcome(matched: [], duplicate: false)
        key("code")
        switch outcome {
        case .taken(let taken):
            int(200)
            (match, error) = (taken, nil)
        case .refused(let fault):
            int(400)
            error = (fault.kind.rawValue, fault.field, fault.detail)
        case .notTaken(let code, let type, let detail):
            int(code)
            error = (type, nil, detail)
        }
        key("matched")
        beginArray()
        for taskID in match.matched { string(taskID) }
        endArray()
        key("duplicate")
        bool(match.duplicate)
        guard let error else { return }
        key("error")
        beginObject()
        key("type")
        string(error.type)
        if let field = error.field {
            key("field")
            string(field)
        }
        key("detail")
        string(error.detail)
        endObject()
    }
}
