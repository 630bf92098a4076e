import KefuCore

/// Shows what an adapter makes of samples, without sending anything: lines for people, secrets hidden.
package struct Rehearsal: Sendable {
    /// What one sample comes to.
    package struct Finding: Sendable, Equatable {
        package var lines: [String]
        /// Whether anything of the sample would not be taken, or not be sent. What the file ignores is not refused.
        package var isRefused = false
    }

    private let adapter: Adapter
    private let reader: RequestReader
    private let formatTime: @Sendable (Int64) -> String

    /// - Parameter formatTime: epoch milliseconds as the contract shows times.
    package init(_ adapter: Adapter, reader: RequestReader, formatTime: @escaping @Sendable (Int64) -> String) {
        self.adapter = adapter
        self.reader = reader
        self.formatTime = formatTime
    }

    /// What the file covers.
    package var summary: [String] {
        var lines: [String] = []
        if adapter.hasEvents { lines.append("in: events from POST /api/event/platform and from frames") }
        if let outgoing = adapter.outgoing { lines += summary(of: outgoing) }
        if adapter.sendsCallbacks {
            let place = adapter.needsCallbackURL ? ", to TIANWANG_CALLBACK_URL: the file has no callback.url" : ""
            lines.append("callback: in the file's words\(place)")
        }
        return lines
    }

    private func summary(of outgoing: ActionTemplates) -> [String] {
        var lines: [String] = []
        for kind in ActionKind.allCases {
            guard let template = outgoing[kind] else {
                lines.append("out.\(kind.rawValue): not in the file, such a task would fail")
                continue
            }
            let ways = [
                template.request.map { "a \($0.method.rawValue) request" }, template.frame.map { _ in "a frame" },
            ]
            lines.append("out.\(kind.rawValue): \(ways.compactMap(\.self).joined(separator: ", or "))")
        }
        if outgoing.token != nil { lines.append("out.token: fetched when it is needed, renewed before its end") }
        return lines
    }

    // MARK: - In

    /// What would be taken of a frame or a posted body, and what would be answered.
    package func take(_ frame: [UInt8]) -> Finding {
        let dialect = AdapterDialect(adapter, reader: reader, formatTime: formatTime)
        switch frame.withUnsafeBytes(dialect.read) {
        case .ignored: return Finding(lines: ["frame: ignored, nothing is answered"])
        case .reply(let bytes): return Finding(lines: ["frame: no event", "answer: \(Self.text(bytes))"])
        case .answer(let answer): return Finding(lines: ["frame: the answer to the action frame \(answer.id)"])
        case .events(let events): return take(events, of: frame, dialect)
        }
    }

    private func take(_ frame: EventFrame, of bytes: [UInt8], _ dialect: AdapterDialect) -> Finding {
        var outcomes: [EventOutcome] = []
        var lines: [String] = []
        let written = canonical(bytes)
        for (place, item) in frame.events.enumerated() {
            let text = written.indices.contains(place) ? written[place] : ""
            switch item.result {
            case .success:
                lines.append("event: \(text)")
                outcomes.append(.taken(MatchOutcome(matched: [], duplicate: false)))
            case .failure(let error):
                if !text.isEmpty { lines.append("from: \(text)") }
                lines.append("refused: \(error.field.map { "\($0): " } ?? "")\(error.detail)")
                outcomes.append(.refused(error))
            }
        }
        let answer = dialect.bodyAnswer(to: frame, outcomes: outcomes)
        let usual = "the contract's over HTTP, none as a frame"
        lines.append("answer: \(answer.map { "\($0.status) \(Self.text($0.body))" } ?? usual)")
        let isRefused = outcomes.contains { if case .refused = $0 { true } else { false } }
        return Finding(lines: lines, isRefused: isRefused)
    }

    /// The events as the contract has them, in order; one that is refused before that as an empty text.
    private func canonical(_ frame: [UInt8]) -> [String] {
        guard let mapping = adapter.incoming?.mapping else { return [] }
        func text(_ mapped: EventMapping.Mapped) -> String? {
            switch mapped {
            case .event(let json): Self.text(json)
            case .refused: ""
            case .ignored: nil
            }
        }
        let read = Result { () throws(InputError) in
            try JSONReader.read(frame, freeKeys: true) { root -> [String?] in
                guard let pointer = mapping.elements else { return [text(mapping.map(root, in: root))] }
                return pointer.find(in: root)?.elements.map { text(mapping.map($0, in: root)) } ?? []
            }
        }
        if case .success(let texts) = read { return texts.compactMap(\.self) }
        return []
    }

    // MARK: - Out

    /// The request and the frame that an action would go out as.
    ///
    /// - Parameters:
    ///   - sample: as the gateway's body of the contract; what is missing is made up, but for `action`.
    ///   - gatewayURL: of the settings, also `connector:`.
    /// - Throws: when it is no such thing.
    package func send(_ sample: [UInt8], gatewayURL: String?) throws(InputError) -> Finding {
        let request = try ActionSample.action(sample)
        let kind = request.action.kind.rawValue
        guard let template = adapter.outgoing?[request.action.kind] else {
            let line = "action: the file does not say how \(kind) goes out; such a task would fail"
            return Finding(lines: [line], isRefused: true)
        }
        let goesByFrame = gatewayURL == "connector:"
        var values = TemplateValues(request, environment: adapter.environment.maskedValue, formatTime: formatTime)
        values.set("token", AdapterEnvironment.mask)
        var lines: [String] = []
        if template.needsToken, !goesByFrame, let token = adapter.outgoing?.token {
            let clock = TemplateValues(WallClock.now.members + [("env", adapter.environment.maskedValue)])
            lines += shown(token.request, clock, nil, as: "token")
        }
        if let outgoing = template.request, !goesByFrame {
            lines += shown(outgoing, values, gatewayURL, as: "request")
        }
        if let frame = template.frame {
            values.set("frame_id", "0123456789abcdef")
            lines.append("frame: \(Self.text(frame.render(values)))")
        } else if goesByFrame {
            let line = "action: the file has no frame for \(kind), as KEFU_GATEWAY_URL=connector: needs"
            return Finding(lines: [line], isRefused: true)
        }
        return Finding(lines: lines)
    }

    /// The request that a callback would go out as.
    ///
    /// - Parameter sample: as the callback of the contract; what is missing is made up.
    package func callBack(_ sample: [UInt8], callbackURL: String?) throws(InputError) -> [String] {
        guard let callback = adapter.callback else { return ["callback: as the contract has it"] }
        let values = TemplateValues(
            try ActionSample.callback(sample), environment: adapter.environment.maskedValue, formatTime: formatTime)
        return shown(callback.request, values, callbackURL, as: "callback")
    }

    /// What an answer would mean.
    ///
    /// - Parameters:
    ///   - status: nil: the answer is a frame.
    ///   - kind: of the action that was asked for; nil: a callback.
    package func judge(_ answer: [UInt8], status: Int?, to kind: ActionKind?) -> String {
        let rules = if let kind { adapter.outgoing?[kind]?.rules } else { adapter.callback?.rules }
        guard let rules else { return "answer: the file says nothing of it" }
        switch rules.verdict(status: status, body: answer) {
        case .accepted(let result):
            let kept = rules.keepsAll && JSONReader.accepts(answer) ? Self.text(answer) : result
            return "answer: done\(kept.map { ", result \($0)" } ?? ", without a result")"
        case .rejected(let words):
            return "answer: \(kind == nil ? "delivered again" : "refused for good") (\(words))"
        case .failed(let words): return "answer: tried again (\(words))"
        case .tokenRefused(let words): return "answer: tried again at once with a new token (\(words))"
        }
    }

    private func shown(
        _ request: RequestTemplate, _ values: TemplateValues, _ fallback: String?, as title: String
    ) -> [String] {
        let made = request.render(values, fallback: fallback, timeout: .zero)
        let url =
            made.url.isEmpty
            ? "(KEFU_GATEWAY_URL or TIANWANG_CALLBACK_URL)" : adapter.environment.maskingQuery(of: made.url)
        var lines = ["\(title): \(made.method.rawValue) \(url)"]
        lines += made.headers.map { "  \($0.name): \($0.value)" }
        if !made.body.isEmpty { lines.append("  \(Self.text(made.body))") }
        return lines
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
