import KefuCore
import TestSupport
import Testing

@testable import KefuAdapter

/// Hostile bodies for the generic example and for the contract's own reader: both say the same; see ``FuzzRun``.
@Suite struct GenericFuzzTests {
    @Test func `Whatever is posted, it takes the event that the contract takes and refuses what that refuses`() throws {
        let dialect = try Given.dialect(try Given.example("generic"))
        let reader = try Given.reader
        let mutation = Mutation(words: [
            "\"type\":", "customer_message", "custom_event", "customer_order", "\"customer\":{\"id\":\"c\"}",
            "\"text\":",
            "\"data\":{", "\"conversation\":{", "\"event_id\":", "\"event\":", "null", "{", "}", ",", "\"", "\\u0301",
        ])
        let findings = try FuzzRun("json", mutation, seeds: GenericAdapterTests.events.map { Array($0.utf8) }).run {
            input, _ in
            let built = Result { () throws(InputError) in
                try JSONReader.read(input) { reader.event($0) }
            }
            let adapted = Self.read(input, dialect)
            switch (built, adapted) {
            case (.success(let item), .success(let event)):
                guard case .success(let expected) = item.result else {
                    // Marks in what it does not take are no reason for it to refuse.
                    return item.result.error?.detail.contains("combining marks") == true ? nil : "took \(event)"
                }
                return event == expected ? nil : "took \(event) instead of \(expected)"
            case (.success(let item), .failure(let error)):
                return item.result.error == nil ? "refused: \(error)" : nil
            // It lets keys be any UTF-8 everywhere.
            case (.failure(let error), .success): return error.detail.contains("a key is not ASCII") ? nil : "\(error)"
            case (.failure, .failure): return nil
            }
        }
        #expect(findings == [])
    }

    private static func read(_ input: [UInt8], _ dialect: AdapterDialect) -> Result<CustomerEvent, InputError> {
        guard case .events(let frame) = input.withUnsafeBytes(dialect.read), frame.events.count == 1 else {
            return .failure(InputError(.validation, detail: "no event"))
        }
        return frame.events[0].result
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
