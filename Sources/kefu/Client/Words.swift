import KefuCore

/// The contract's words, as completions offer them.
enum Words {
    /// `pending` is what a sender is told; no stored task is.
    static let statuses = TaskStatus.allCases.filter { $0 != .pending }.map(\.rawValue)
    static let priorities = Priority.allCases.map(\.rawValue)
    static let events = EventKind.allCases.map(\.rawValue)
}
