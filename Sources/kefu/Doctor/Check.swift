import KefuCore

/// One line of `kefu doctor`.
struct Check: Equatable {
    enum State: String {
        case ok, warn, fail
    }

    var name: String
    var state: State
    /// What was found.
    var detail: String
    /// What to do about it; nil when nothing.
    var advice: String?

    static func ok(_ name: String, _ detail: String) -> Check { Check(name: name, state: .ok, detail: detail) }

    static func warn(_ name: String, _ detail: String, _ advice: String) -> Check {
        Check(name: name, state: .warn, detail: detail, advice: advice)
    }

    static func fail(_ name: String, _ detail: String, _ advice: String) -> Check {
        Check(name: name, state: .fail, detail: detail, advice: advice)
    }
}

extension [Check] {
    var isHealthy: Bool { allSatisfy { $0.state != .fail } }

    /// A line each, the advice below its line.
    var text: String {
        let width = map { TextWidth.of($0.name) }.max() ?? 0
        return map { check in
            let state = check.state.rawValue.padding(to: 4)
            let line = "\(state)  \(check.name.padding(to: width))  \(Table.escaped(check.detail))\n"
            let advice = check.advice.map { String(repeating: " ", count: width + 8) + "→ \(Table.escaped($0))\n" }
            return line + (advice ?? "")
        }.joined()
    }

    /// `{"healthy", "checks": [{"name", "state", "detail", "advice"}]}`
    var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        write(to: &json)
        json.endObject()
        return json.bytes
    }

    /// The members of ``json``.
    func write(to json: inout JSONWriter) {
        json.key("healthy")
        json.bool(isHealthy)
        json.key("checks")
        json.beginArray()
        for check in self {
            json.beginObject()
            json.key("name")
            json.string(check.name)
            json.key("state")
            json.string(check.state.rawValue)
            json.key("detail")
            json.string(check.detail)
            json.key("advice")
            json.string(check.advice)
            json.endObject()
        }
        json.endArray()
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - TextWidth.of(self)))
    }
}
