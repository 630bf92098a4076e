import KefuCore

// Reads templates from the file.
extension FilePlace {
    func template(_ escaping: Escaping, _ names: TemplateNames) -> TextTemplate? {
        text().flatMap { template($0, escaping, names) }
    }

    func template(_ text: String, _ escaping: Escaping, _ names: TemplateNames) -> TextTemplate? {
        do throws(TextTemplate.Flaw) {
            return try TextTemplate(text, escaping, names: names)
        } catch {
            flaw(error.detail)
            return nil
        }
    }

    /// - Parameter mayPoint: whether there is a frame that `{"$pointer": …}` can look into.
    func body(_ names: TemplateNames, mayPoint: Bool = false) -> BodyTemplate? {
        switch value {
        case .null, .bool, .number: return .literal(value)
        case .string(let text): return template(text, .json, names).map(BodyTemplate.text)
        case .array:
            let elements = (elements() ?? []).map { $0.body(names, mayPoint: mayPoint) }
            return elements.contains { $0 == nil } ? nil : .array(elements.compactMap(\.self))
        case .object(let members):
            if let first = members.first, first.name.hasPrefix("$") {
                return special(members, names, mayPoint: mayPoint)
            }
            let made = members.map { member in
                at(member.name, member.value).member(named: member.name, names, mayPoint: mayPoint)
            }
            return made.contains { $0 == nil } ? nil : .object(made.compactMap(\.self))
        }
    }

    private func member(named name: String, _ names: TemplateNames, mayPoint: Bool) -> BodyTemplate.Member? {
        if name.hasPrefix("$") || name.utf8.contains(UInt8(ascii: "{")) {
            flaw("a member's name is written as it is: without $ in front, and without templates")
            return nil
        }
        if case .object(let members) = value, members.count == 1, members[0].name == "$optional" {
            return at("$optional", members[0].value).body(names, mayPoint: mayPoint).map {
                BodyTemplate.Member(name: name, body: $0, isOptional: true)
            }
        }
        return body(names, mayPoint: mayPoint).map { BodyTemplate.Member(name: name, body: $0) }
    }

    private func special(_ members: [JSONValue.Member], _ names: TemplateNames, mayPoint: Bool) -> BodyTemplate? {
        let place = at(members[0].name, members[0].value)
        guard members.count == 1 else {
            flaw("\(members[0].name) must be the only member of its object")
            return nil
        }
        switch members[0].name {
        case "$json":
            guard let name = place.text() else { return nil }
            if let detail = names.flaw(of: name) {
                place.flaw(detail)
                return nil
            }
            return .value(name.split(separator: ".").map(String.init))
        case "$pointer" where mayPoint: return place.pointer().map(BodyTemplate.pointer)
        case "$optional":
            place.flaw("is for members of an object: \"name\": {\"$optional\": …}")
            return nil
        default:
            place.flaw("is unknown; allowed here: $json, $optional\(mayPoint ? ", $pointer" : "")")
            return nil
        }
    }
}
