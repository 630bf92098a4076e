import KefuCore

/// A platform's frames and posted bodies as the adapter's file describes them. What the file leaves out, events or
/// action frames, is said in the contract's words.
package struct AdapterDialect: PlatformBodyDialect {
    /// Of a frame's events together, as the contract writes them: one that every element copies from the frame must
    /// not multiply.
    static let mostEventBytes = 1024 * 1024

    private let incoming: IncomingTemplates?
    private let outgoing: ActionTemplates?
    private let connector: ConnectorTemplates
    private let environment: JSONValue
    private let reader: RequestReader
    private let formatTime: @Sendable (Int64) -> String
    private let contract: ContractDialect

    init(
        _ adapter: Adapter, reader: RequestReader, formatTime: @escaping @Sendable (Int64) -> String
    ) {
        incoming = adapter.incoming
        outgoing = adapter.outgoing
        connector = adapter.connector
        environment = adapter.environment.value
        self.reader = reader
        self.formatTime = formatTime
        contract = ContractDialect(reader: reader, formatTime: formatTime)
    }

    // MARK: - In

    package func read(_ frame: UnsafeRawBufferPointer) -> IncomingFrame {
        do throws(InputError) {
            return try JSONReader.read(frame, freeKeys: true) { root in read(root, frame) }
        } catch {
            return .events(EventFrame(events: [BatchItem(id: nil, result: .failure(error))]))
        }
    }

    private func read(_ root: JSONElement, _ bytes: UnsafeRawBufferPointer) -> IncomingFrame {
        if let id = connector.answeredID(root) { return .answer(ActionAnswer(id: id, frame: Array(bytes))) }
        guard let incoming else { return contract.read(bytes) }
        for rule in incoming.rules where rule.holds(for: root) {
            guard let answer = rule.answer else { return .ignored }
            return .reply(answer.render(clock, frame: answer.needsFrame ? JSONValue(root) : nil))
        }
        let events = events(of: root, incoming.mapping)
        guard events.isEmpty else {
            let receipt = incoming.needsFrame ? String(decoding: bytes, as: UTF8.self) : nil
            return .events(EventFrame(events: events, receipt: receipt))
        }
        // Nothing in it concerns us: acknowledged all the same.
        guard let answer = incoming.answer else { return .ignored }
        return .reply(answer.render(taken([], []), frame: answer.needsFrame ? JSONValue(root) : nil))
    }

    /// Without those that are ignored.
    private func events(of root: JSONElement, _ mapping: EventMapping) -> [BatchItem<CustomerEvent>] {
        guard let pointer = mapping.elements else { return item(mapping.map(root, in: root)).map { [$0] } ?? [] }
        func refused(_ detail: String) -> [BatchItem<CustomerEvent>] {
            [BatchItem(id: nil, result: .failure(InputError(.validation, field: pointer.text, detail: detail)))]
        }
        guard let array = pointer.find(in: root), array.kind == .array else { return refused("must be an array") }
        var items: [BatchItem<CustomerEvent>] = []
        var (position, size) = (0, 0)
        for element in array.elements {
            guard position < InputLimits.batchItems else {
                return refused("must have at most \(InputLimits.batchItems) items")
            }
            let mapped = mapping.map(element, in: root)
            if case .event(let json) = mapped { size += json.count }
            guard size <= Self.mostEventBytes else {
                return refused("must make events of at most \(Self.mostEventBytes) bytes together")
            }
            if let item = item(mapped, at: "[\(position)]") { items.append(item) }
            position += 1
        }
        return items
    }

    private func item(_ mapped: EventMapping.Mapped, at place: String? = nil) -> BatchItem<CustomerEvent>? {
        switch mapped {
        case .ignored: return nil
        case .refused(let error): return BatchItem(id: nil, result: .failure(error.inside(place)))
        case .event(let json):
            do throws(InputError) {
                let event = try reader.platformEvent(json)
                return BatchItem(id: event.eventID, result: .success(event))
            } catch {
                return BatchItem(id: nil, result: .failure(error.inside(place)))
            }
        }
    }

    // MARK: - What the platform is told

    package func acknowledgements(of frame: EventFrame, outcomes: [EventOutcome]) -> [[UInt8]] {
        guard incoming != nil else { return contract.acknowledgements(of: frame, outcomes: outcomes) }
        return acknowledgement(of: frame, outcomes).map { [$0.bytes] } ?? []
    }

    package func bodyAnswer(to frame: EventFrame, outcomes: [EventOutcome]) -> PlatformBodyAnswer? {
        acknowledgement(of: frame, outcomes).map { answer, bytes in
            PlatformBodyAnswer(status: answer.status, body: bytes, isJSON: answer.isJSON)
        }
    }

    /// Nil when the platform is told nothing: because the file has no such answer, or because it is to send again.
    private func acknowledgement(
        of frame: EventFrame, _ outcomes: [EventOutcome]
    ) -> (answer: AnswerTemplate, bytes: [UInt8])? {
        guard let incoming else { return nil }
        var refusal: InputError?
        for outcome in outcomes {
            switch outcome {
            case .taken: break
            case .refused(let error): refusal = refusal ?? error
            case .notTaken: return nil
            }
        }
        guard let answer = refusal == nil ? incoming.answer : incoming.refused else { return nil }
        // The dialect's own receipt: JSON that was read before.
        let source = answer.needsFrame ? frame.receipt.flatMap { try? JSONValue(parsing: Array($0.utf8)) } : nil
        let values = refusal.map { refused($0, frame.events, outcomes) } ?? taken(frame.events, outcomes)
        return (answer, answer.render(values, frame: source))
    }

    private func taken(_ events: [BatchItem<CustomerEvent>], _ outcomes: [EventOutcome]) -> TemplateValues {
        let matches = outcomes.compactMap { outcome in if case .taken(let match) = outcome { match } else { nil } }
        return TemplateValues([
            ("code", .number(200)), ("taken", .number(matches.count)),
            ("matched", .array(matches.flatMap(\.matched).map(JSONValue.string))),
            ("duplicate", .bool(!matches.isEmpty && matches.allSatisfy(\.duplicate))),
            ("event_id", .text(events.first?.id)), ("env", environment),
        ])
    }

    private func refused(
        _ error: InputError, _ events: [BatchItem<CustomerEvent>], _ outcomes: [EventOutcome]
    ) -> TemplateValues {
        let taken = outcomes.count { outcome in if case .taken = outcome { true } else { false } }
        return TemplateValues([
            ("code", .number(400)), ("taken", .number(taken)), ("event_id", .text(events.first?.id)),
            (
                "error",
                .members([
                    ("type", .string(error.kind.rawValue)), ("field", .text(error.field)),
                    ("detail", .string(error.detail)),
                ])
            ), ("env", environment),
        ])
    }

    private var clock: TemplateValues { TemplateValues(WallClock.now.members + [("env", environment)]) }
}

extension InputError {
    /// The same error, seen from the frame whose element has it.
    fileprivate func inside(_ place: String?) -> InputError {
        guard let place else { return self }
        var error = self
        error.field = field.map { $0.isEmpty ? place : "\(place).\($0)" } ?? place
        return error
    }
}

// MARK: - Actions as frames

extension AdapterDialect {
    /// Whether the file says nothing of frames, neither in nor out.
    private var isContract: Bool { incoming == nil && outgoing?.usesFrames != true }

    package func actionFrame(_ request: ActionRequest, id: String) throws(InputError) -> [UInt8] {
        if isContract { return try contract.actionFrame(request, id: id) }
        let kind = request.action.kind
        guard let frame = outgoing?[kind]?.frame else {
            throw InputError(.validation, detail: "the adapter has no out.\(kind.rawValue).frame")
        }
        var values = TemplateValues(request, environment: environment, formatTime: formatTime)
        values.set("frame_id", id)
        return frame.render(values)
    }

    package func verdict(on answer: ActionAnswer, to kind: ActionKind) -> ActionVerdict {
        if isContract { return contract.verdict(on: answer, to: kind) }
        guard let rules = outgoing?[kind]?.rules else {
            return ActionVerdict(answer: .rejected, error: "the adapter has no out.\(kind.rawValue)")
        }
        return switch rules.verdict(status: nil, body: answer.frame) {
        case .accepted(let result):
            ActionVerdict(
                answer: .accepted(
                    resultJSON: Self.bounded(rules.keepsAll ? String(decoding: answer.frame, as: UTF8.self) : result)))
        case .rejected(let words): ActionVerdict(answer: .rejected, error: words)
        case .failed(let words), .tokenRefused(let words):
            ActionVerdict(answer: .failed(retryAfter: nil), error: words)
        }
    }

    /// As the contract keeps results: a longer one is left out.
    private static func bounded(_ result: String?) -> String? {
        result.flatMap { $0.utf8.count <= ContractDialect.resultBytes ? $0 : nil }
    }

    package var signIn: [[UInt8]] { connector.signIn.map { $0.render(clock) } }

    package var heartbeat: (frame: [UInt8], every: Duration)? {
        connector.heartbeat.map { ($0.frame.render(clock), $0.every) }
    }
}
