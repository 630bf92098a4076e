/// Reads `trigger` or `triggers`. Which members apply depends on a trigger's type; of the others only the JSON type is
/// checked.
struct TriggerReader {
    let timeZone: TimeZoneRules
    /// How far back a trigger may look.
    let eventLog: Duration

    /// All triggers of a task: at least one.
    func readAll(of task: ObjectReader) throws(InputError) -> [Trigger] {
        guard task["triggers"] != nil else {
            return [try task.required("trigger") { (element) throws(InputError) in try read(element) }]
        }
        if task["trigger"] != nil {
            throw InputError(.validation, field: "triggers", detail: "must not be given together with trigger")
        }
        return try task.required("triggers") { (element) throws(InputError) in try readSeveral(element) }
    }

    private func readSeveral(_ element: JSONElement) throws(InputError) -> [Trigger] {
        try element.expect(.array)
        var triggers: [Trigger] = []
        for item in element.elements {
            guard triggers.count < InputLimits.triggers.upperBound else { throw Self.wrongNumber }
            do { triggers.append(try read(item)) } catch { throw error.inside("[\(triggers.count)]") }
        }
        if triggers.count < InputLimits.triggers.lowerBound { throw Self.wrongNumber }
        return triggers
    }

    private static let wrongNumber = InputError(
        .validation, detail: "must have \(InputLimits.triggers.lowerBound)–\(InputLimits.triggers.upperBound) triggers")

    func read(_ element: JSONElement) throws(InputError) -> Trigger {
        let object = try ObjectReader(element)
        var trigger = Trigger(kind: try object.requiredWord("type", TriggerKind.self))
        let isOnMessage = trigger.kind == .customerReply || trigger.kind == .customerKeyword
        if isOnMessage {
            try readKeywords(object, into: &trigger)
        } else {
            try object.check("keyword", is: .string)
            try object.check("keywords", is: .array)
            try object.check("match", is: .string)
            try object.check("exclude", is: .array)
        }
        if isOnMessage || trigger.kind == .timeReach {
            try object.check("where", is: .object)
        } else {
            try readConditions(object, into: &trigger)
        }
        if trigger.kind == .timeReach {
            trigger.timeMs = try object.required("time") { (element) throws(InputError) in try time(element) }
        } else {
            try object.check("time", is: .string)
        }
        if trigger.kind == .customEvent {
            trigger.eventName = try object.required("event", .bytes(1...InputLimits.labelBytes))
        } else {
            try object.check("event", is: .string)
        }
        if trigger.kind == .timeReach {
            try object.check("lookback_seconds", is: .number)
        } else {
            trigger.lookbackMs =
                try object.optional("lookback_seconds") { (element) throws(InputError) in try lookback(element) } ?? 0
        }
        return trigger
    }

    private func readKeywords(_ object: ObjectReader, into trigger: inout Trigger) throws(InputError) {
        // How keywords are normalized depends on the mode, but a flaw in a keyword is told first.
        let mode = object["match"]?.string
        var reader = KeywordReader(isTrimmed: mode == MatchMode.exact.rawValue)
        trigger.keyword = try object.optional("keyword") { (element) throws(InputError) in try reader.read(element) }
        trigger.keywords =
            try object.optional("keywords") { (element) throws(InputError) in try reader.readAll(element) } ?? []
        trigger.normalizedKeywords = reader.normalized
        if trigger.kind == .customerKeyword, reader.normalized.isEmpty {
            throw InputError(.validation, field: "keyword", detail: "is required, or keywords")
        }
        trigger.match = try object.optionalWord("match", MatchMode.self) ?? .contains
        var excluded = KeywordReader(isTrimmed: false)
        trigger.exclude =
            try object.optional("exclude") { (element) throws(InputError) in try excluded.readAll(element) } ?? []
        trigger.normalizedExclude = excluded.normalized
    }

    private func readConditions(_ object: ObjectReader, into trigger: inout Trigger) throws(InputError) {
        guard let element = object["where"] else { return }
        trigger.conditions =
            try object.optional("where") { (element) throws(InputError) in try ConditionReader.read(element) } ?? []
        if trigger.conditions.isEmpty { return }
        let json = element.compactJSON
        guard json.utf8.count <= InputLimits.dataBytes else {
            throw InputError(.validation, field: "where", detail: "must be at most \(InputLimits.dataBytes) bytes long")
        }
        trigger.whereJSON = json
    }

    func time(_ element: JSONElement) throws(InputError) -> Int64 {
        try element.expect(.string)
        guard let time = timeZone.epochMs(String(decoding: element.utf8, as: UTF8.self)) else {
            let allowed = "must be a time of 1970–9999 as YYYY-MM-DD HH:MM:SS (read in \(timeZone.name))"
            throw InputError(.validation, detail: allowed + " or RFC 3339 with an offset")
        }
        return time
    }

    /// - Returns: milliseconds.
    private func lookback(_ element: JSONElement) throws(InputError) -> Int64 {
        let (seconds, longest) = (try element.finiteNumber(), eventLog / .seconds(1))
        guard seconds >= 0, seconds <= longest else {
            let shown = Int(exactly: longest).map(String.init) ?? longest.description
            let allowed = longest > 0 ? "0–\(shown), as long as events are kept" : "0, as no events are kept"
            throw InputError(.validation, detail: "must be \(allowed) (KEFU_EVENT_LOG_SECONDS)")
        }
        return Int64((seconds * 1000).rounded(.up))
    }
}
