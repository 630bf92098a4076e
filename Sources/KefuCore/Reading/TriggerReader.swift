/// Reads `trigger`. Which members apply depends on its type; of the others only the JSON type is checked.
struct TriggerReader {
    let timeZone: TimeZoneRules

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
        try refuseLookback(object)
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

    private func time(_ element: JSONElement) throws(InputError) -> Int64 {
        try element.expect(.string)
        guard let time = timeZone.epochMs(String(decoding: element.utf8, as: UTF8.self)) else {
            let allowed = "must be a time of 1970–9999 as YYYY-MM-DD HH:MM:SS (read in \(timeZone.name))"
            throw InputError(.validation, detail: allowed + " or RFC 3339 with an offset")
        }
        return time
    }

    /// Looking back is not there yet: to accept a task without doing so would lose its event silently.
    private func refuseLookback(_ object: ObjectReader) throws(InputError) {
        _ = try object.optional("lookback_seconds") { (element) throws(InputError) in
            if try element.finiteNumber() != 0 {
                throw InputError(.validation, detail: "only 0 is supported by this version")
            }
        }
    }
}
