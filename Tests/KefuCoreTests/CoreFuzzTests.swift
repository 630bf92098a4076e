import Foundation
import KefuCore
import TestSupport
import Testing

/// Hostile bytes for the readers of the core; see ``FuzzRun`` for how to run more of them.
@Suite struct CoreFuzzTests {
    private static let words = [
        "\"task_id\":", "\"trigger\":{", "\"where\":{", "\"data\":{", "\"keywords\":[", "\"customer\":{\"id\":\"c\"}",
        "\"time\":\"2026-02-27 09:00:00\"", "\"time\":\"2026-02-27T09:00:00+08:00\"", "\\u0301", "\\ud83d\\ude00",
        "\\ud800", "\\u0000", "\\u005f", "true", "null", "customer_payment", "time_reach", "\"match\":\"exact\"",
        "\"priority\":\"urgent\"", "https://h:1/", "{", "}", "[", "]", ",", ":", "\"", " ", "\t",
    ]

    private static let bodies = [
        ObjectText.task.with("priority", "\"high\"").with("timeout_hours", "2.5").with("max_retry", "0"),
        ObjectText.task.with("trigger", #"{"type": "time_reach", "time": "2026-02-27 09:00:00"}"#),
        ObjectText.task.with("trigger", #"{"type":"customer_payment","where":{"金额":{"gte":1,"in":[1,"a",true]}}}"#)
            .with("action", #"{"type": "send_file", "file_url": "https://a.b/c?d#e", "message": "m"}"#),
        .event.with("event_id", "\"e1\"").with("conversation", #"{"group": "g"}"#),
        .event.with("type", "\"customer_order\"").with("data", #"{"order": "A1", "list": [1.5e2, null]}"#),
    ].map { Array($0.text.utf8) }

    @Test func `JSON is read exactly when it follows the rules, and what is written back is the same`() throws {
        let findings = try FuzzRun("json", Mutation(words: Self.words), seeds: Self.bodies).run { input, random in
            let result = reading(input) { (body) throws(InputError) in try JSONReader.read(body) { $0.compactJSON } }
            guard (result.error == nil) == JSONReference.accepts(input) else {
                return "read: \(result.error?.detail ?? "accepted"); the rules say otherwise"
            }
            switch result {
            case .failure(let error): return Self.flaw(of: error, in: input)
            case .success(let compact): return Self.flaw(of: compact, madeOf: input, &random)
            }
        }
        #expect(findings == [])
    }

    /// The place that an error names must be one of the input's.
    private static func flaw(of error: InputError, in input: [UInt8]) -> String? {
        guard error.kind == .invalidJSON else { return "\(error.kind) for what is not JSON" }
        guard let place = error.detail.firstMatch(of: /\(at byte (\d+)\)$/) else {
            return input.isEmpty ? nil : "no place in: \(error.detail)"
        }
        return Int(place.1).map { (0...input.count).contains($0) } == true ? nil : "a place outside: \(error.detail)"
    }

    private static func flaw(of compact: String, madeOf input: [UInt8], _ random: inout SeededGenerator) -> String? {
        let again = reading(compact.utf8) { (body) throws(InputError) in try JSONReader.read(body) { $0.compactJSON } }
        guard again.value == compact else { return "written again as \(again)" }
        // Foundation's reader is slow: some will do.
        guard random.once(in: 8), !compact.contains("data"), !compact.contains("where") else { return nil }
        let (ours, theirs) = (value(Array(compact.utf8)), value(input))
        return ours == theirs ? nil : "Foundation reads another value from \(compact)"
    }

    /// As Foundation reads it; nil when it does not.
    private static func value(_ bytes: [UInt8]) -> NSObject? {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) as? NSObject
    }

    @Test func `Whatever a request holds, it is refused with a field or within every limit`() throws {
        let mutation = Mutation(words: Self.words, longest: 8192)
        let findings = try FuzzRun("json", mutation, seeds: Self.bodies).run { input, random in
            let task = reading(input) { (body) throws(InputError) in try requests.task(body) }
            if let error = task.error { return Self.flaw(of: error) }
            if let task = task.value, let flaw = Self.flaw(of: task) { return flaw }
            let event = reading(input) { (body) throws(InputError) in try requests.event(body) }
            if let flaw = event.error.flatMap(Self.flaw) { return flaw }
            guard random.once(in: 4) else { return nil }
            // A batch refuses what a single one refuses, item by item.
            let batch = Array("[".utf8) + input + Array("]".utf8)
            let items = reading(batch) { (body) throws(InputError) in try requests.tasks(body) }
            if let items = items.value, items.count == 1, items[0].result.error != task.error {
                return "in a batch: \(items[0].result.error?.detail ?? "accepted"), alone: \(task)"
            }
            _ = reading(input) { (body) throws(InputError) in try requests.taskCommand(body) }
            _ = reading(input) { (body) throws(InputError) in try requests.taskUpdate(body) }
            _ = reading(input) { (body) throws(InputError) in try requests.callbackSelection(body) }
            _ = reading(batch) { (body) throws(InputError) in try requests.events(body) }
            return nil
        }
        #expect(findings == [])
    }

    private static func flaw(of error: InputError) -> String? {
        guard !error.detail.isEmpty, error.detail.utf8.count < 1000 else { return "detail \(error.detail)" }
        return error.detail.unicodeScalars.contains { $0.value < 0x20 } ? "a control character in \(error.detail)" : nil
    }

    private static func flaw(of task: NewTask) -> String? {
        for id in [task.id, task.customer.id] where !Identifier.isValid(id) { return "the id \(id)" }
        let keywords = task.trigger.normalizedKeywords + task.trigger.normalizedExclude
        guard keywords.count <= 2 * InputLimits.keywords + 1,
            keywords.allSatisfy({ !$0.isEmpty && $0.utf8.count <= InputLimits.normalizedKeywordBytes })
        else { return "keywords \(keywords)" }
        guard task.trigger.conditions.count <= InputLimits.conditions, InputLimits.retries.contains(task.maxRetry),
            task.timeoutMs > 0, task.timeoutMs <= Int64(InputLimits.longestTimeoutHours * 3_600_000)
        else { return "limits of \(task)" }
        for address in [task.action.fileURL, task.action.url].compactMap(\.self) {
            guard let url = URL(string: address), url.host()?.isEmpty == false, url.user() == nil,
                ["http", "https"].contains(url.scheme?.lowercased())
            else { return "the address \(address)" }
        }
        return nil
    }

    @Test func `Normalizing twice changes nothing, and what is invisible is gone`() throws {
        let mutation = Mutation(words: ["ＡＢ", "ß", "İ", "\u{AD}", "\u{200D}", "　", "。", "ﬁ", "①", "가", "ｶﾞ", "%-"])
        let findings = try FuzzRun("text", mutation).run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let once = Normalizer.normalize(text)
            guard Normalizer.normalize(once) == once else { return "\(once.debugDescription) is no fixed point" }
            let isClean = once.unicodeScalars.allSatisfy { scalar in
                !scalar.properties.isDefaultIgnorableCodePoint && scalar.properties.generalCategory != .format
                    && (scalar == " " || !scalar.properties.isWhitespace)
            }
            guard isClean, !once.contains("  "), !once.hasPrefix(" "), !once.hasSuffix(" ") else {
                return once.debugDescription
            }
            let bytes = Array(text.utf8)
            for limit in [once.utf8.count, once.utf8.count - 1] where limit >= 0 {
                let limited = bytes.withUnsafeBufferPointer { Normalizer.normalize(utf8: $0, atMost: limit) }
                let expected = limit == once.utf8.count ? once : nil
                if limited != expected { return "limited to \(limit): \(limited ?? "nil")" }
            }
            let trimmed = Normalizer.trimPunctuation(once)
            return Normalizer.trimPunctuation(trimmed) == trimmed ? nil : "trimmed to \(trimmed)"
        }
        #expect(findings == [])
    }
}
