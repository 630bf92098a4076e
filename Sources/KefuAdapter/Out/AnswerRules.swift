import KefuCore

/// What a platform's answer means: many answer 200 with an error code inside.
struct AnswerRules: Sendable {
    /// A status, and a value inside of the answer.
    struct Test: Sendable {
        var statuses: [ClosedRange<Int>]?
        var pointer: JSONPointer?
        var values: [JSONValue] = []

        func allows(status: Int) -> Bool { statuses?.contains { $0.contains(status) } ?? false }
    }

    enum Verdict: Equatable {
        /// What the task keeps as its result.
        case accepted(resultJSON: String?)
        /// Asking again will not change it.
        case rejected(String)
        case failed(String)
        /// The token is not, or no longer, valid: nothing was done.
        case tokenRefused(String)
    }

    private var success: Test
    private var retry: Test
    private var tokenError: Test?
    private var result: JSONPointer?
    private var messageID: JSONPointer?

    static let usualSuccess = [200...299]
    /// As for the built-in gateway.
    static let usualRetry = [408...408, 425...425, 429...429, 500...599]

    /// Reads `success`, `retry`, `token_error`, `result` and `message_id`.
    init(_ place: (String) -> FilePlace?) {
        success = place("success").flatMap(Test.init) ?? Test()
        success.statuses = success.statuses ?? Self.usualSuccess
        retry = place("retry").flatMap(Test.init) ?? Test()
        retry.statuses = retry.statuses ?? Self.usualRetry
        tokenError = place("token_error").flatMap(Test.init)
        result = place("result")?.pointer()
        messageID = place("message_id")?.pointer()
    }

    /// - Parameters:
    ///   - status: nil for a frame, which has none.
    ///   - body: JSON or not.
    func verdict(status: Int?, body: [UInt8], isCut: Bool = false) -> Verdict {
        let read = Result { () throws(InputError) in
            try JSONReader.read(body, freeKeys: true) { verdict(status: status, answer: $0) }
        }
        // Half an answer is none.
        if !isCut, case .success(let verdict) = read { return verdict }
        return verdict(status: status, answer: nil)
    }

    /// - Parameter answer: nil when it is not JSON.
    private func verdict(status: Int?, answer: JSONElement?) -> Verdict {
        let words = words(status, answer)
        if let tokenError, isMet(tokenError, status, answer) { return .tokenRefused(words) }
        let isStatusFine = status.map(success.allows) ?? true
        if isStatusFine, isPassed(success, answer) { return .accepted(resultJSON: kept(answer)) }
        if isMet(retry, status, answer) { return .failed(words) }
        // A page of some proxy, or a break in the middle: whether the platform has it is unknown.
        if isStatusFine, answer == nil { return .failed("\(words), which is not JSON") }
        return .rejected(words)
    }

    private func isPassed(_ test: Test, _ answer: JSONElement?) -> Bool {
        guard let pointer = test.pointer else { return true }
        guard let answer else { return false }
        let found = pointer.find(in: answer)
        return test.values.contains { $0.isSame(as: found) }
    }

    /// Whether the status or the value inside says so.
    private func isMet(_ test: Test, _ status: Int?, _ answer: JSONElement?) -> Bool {
        if let status, test.allows(status: status) { return true }
        return test.pointer != nil && isPassed(test, answer)
    }

    private func kept(_ answer: JSONElement?) -> String? {
        guard let answer else { return nil }
        let kept = result.map { $0.find(in: answer) } ?? answer
        guard let messageID else { return result == nil ? nil : kept?.compactJSON }
        var json = JSONWriter()
        json.beginObject()
        json.key("message_id")
        if let id = messageID.find(in: answer) { id.write(to: &json) } else { json.null() }
        json.key("result")
        if let kept { kept.write(to: &json) } else { json.null() }
        json.endObject()
        return json.text
    }

    /// Whether the whole answer is kept, byte for byte.
    var keepsAll: Bool { result == nil && messageID == nil }

    private func words(_ status: Int?, _ answer: JSONElement?) -> String {
        var words = status.map { "platform answered \($0)" } ?? "platform answered"
        if let pointer = success.pointer, let answer {
            let found = pointer.find(in: answer)?.compactJSON ?? "nothing"
            words += ", \(pointer.text): \(found.unicodeScalars.count > 64 ? "…" : found)"
        }
        return words
    }
}

extension AnswerRules.Test {
    /// `{"status": [200, "5xx"], "pointer": "/code", "equals": 0 or [0, 1]}`, each optional.
    init?(_ place: FilePlace) {
        guard let object = place.object("status", "pointer", "equals") else { return nil }
        statuses = object["status"].map { $0.oneOrMore().compactMap { $0.statuses() } }
        pointer = object["pointer"]?.pointer()
        switch (object["pointer"], place.value["equals"]) {
        case (.some, let values?): self.values = place.at("equals", values).scalars()
        case (.some, nil): place.at("equals", .null).flaw("is required where there is a pointer")
        case (nil, .some): place.at("equals", .null).flaw("needs a pointer")
        case (nil, nil): if object["status"] == nil { place.flaw("must have status, or pointer and equals") }
        }
    }
}

extension FilePlace {
    fileprivate func statuses() -> ClosedRange<Int>? {
        switch value {
        case .number(let text):
            if let status = Int(text), (100...599).contains(status) { return status...status }
        case .string(let text):
            if text.hasSuffix("xx"), text.utf8.count == 3, let hundreds = Int(text.prefix(1)),
                (1...5).contains(hundreds)
            {
                return (hundreds * 100)...(hundreds * 100 + 99)
            }
        default: break
        }
        flaw("must be a status such as 200, or a hundred of them such as \"5xx\"")
        return nil
    }
}
