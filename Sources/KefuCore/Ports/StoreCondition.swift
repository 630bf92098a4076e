// How the store is, for health checks: without addresses and secrets, because everybody may ask.

/// Why the store cannot be used at the moment.
package struct StoreTrouble: Sendable, Equatable {
    /// For programs: small letters and `_`.
    package var word: String
    /// Chinese, for people.
    package var message: String
    /// English, for engineers.
    package var detail: String

    package init(word: String, message: String, detail: String) {
        self.word = word
        self.message = message
        self.detail = detail
    }

    /// What is known of a store that says nothing.
    package static let silence = StoreTrouble(
        word: "unreachable", message: "任务存储没有响应", detail: "Redis did not answer in time")
}

/// What will do harm one day although the store works.
package struct StoreWarning: Sendable, Equatable {
    /// For programs: small letters and `_`.
    package var word: String
    /// English: what is the case and what to do about it.
    package var detail: String

    package init(word: String, detail: String) {
        self.word = word
        self.detail = detail
    }
}

extension TaskStore {
    package func trouble(behind error: StoreError) -> StoreTrouble { .silence }

    package var warnings: [StoreWarning] { [] }
}
