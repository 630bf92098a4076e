/// Which names a template may use where it stands.
struct TemplateNames: Sendable {
    /// Whole names.
    var exact: [String]
    /// Names below which everything goes: `data.` allows `data.order.id`.
    var prefixes: [String] = []
    /// Names of the environment that the file lists, used as `env.NAME`.
    var environment: [String] = []

    static let action = TemplateNames(
        exact: [
            "task_id", "generation", "attempt", "idempotency_key", "action", "action.type", "action.message",
            "action.file_url", "action.url", "customer", "customer.id", "customer.name", "trigger_event", "data",
            "conversation", "now_seconds", "now_ms",
        ], prefixes: ["trigger_event.", "data.", "conversation."])
    static let callback = TemplateNames(
        exact: [
            "task_id", "status", "error", "error_code", "timestamp", "generation", "attempts", "customer_id",
            "result", "callback_id", "now_seconds", "now_ms",
        ], prefixes: ["result."])
    /// What the platform is told about a frame's events.
    static let taken = TemplateNames(exact: ["code", "taken", "matched", "duplicate", "event_id"])
    static let refused = TemplateNames(
        exact: ["code", "taken", "event_id", "error", "error.type", "error.field", "error.detail"])
    static let token = TemplateNames(exact: ["now_seconds", "now_ms"])
    static let none = TemplateNames(exact: [])

    func with(_ more: String...) -> TemplateNames {
        var names = self
        names.exact += more
        return names
    }

    func with(environment: [String]) -> TemplateNames {
        var names = self
        names.environment = environment
        return names
    }

    /// Why the name may not be used; nil when it may.
    func flaw(of name: String) -> String? {
        if exact.contains(name) { return nil }
        if prefixes.contains(where: { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }) { return nil }
        if name.hasPrefix("env.") {
            if environment.contains(String(name.dropFirst(4))) { return nil }
            return "\(name) is not in the file's list env"
        }
        let below = prefixes.map { "\($0)…" } + (environment.isEmpty ? [] : ["env.…"])
        let allowed = (exact + below).joined(separator: ", ")
        return allowed.isEmpty ? "no names are known here" : "\(name) is not known here; allowed: \(allowed)"
    }
}
