import KefuCore

/// A JSON body with templates in its texts. Its shape is the file's: values only ever become the contents of a string,
/// or, by `{"$json": "name"}`, a whole JSON value; whatever they hold, the body stays one JSON text.
indirect enum BodyTemplate: Sendable {
    case literal(JSONValue)
    case text(TextTemplate)
    /// `{"$json": "name"}`: the value as JSON, null when there is none.
    case value([String])
    /// `{"$pointer": "/way"}`: what stands there in the frame that is answered.
    case pointer(JSONPointer)
    case array([BodyTemplate])
    case object([Member])

    struct Member: Sendable {
        var name: String
        var body: BodyTemplate
        /// `{"$optional": …}`: left out instead of null.
        var isOptional = false
    }

    func render(_ values: TemplateValues, frame: JSONValue? = nil) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        write(values, frame, to: &json)
        return json.bytes
    }

    private func write(_ values: TemplateValues, _ frame: JSONValue?, to json: inout JSONWriter) {
        switch self {
        case .literal(let value): value.write(to: &json)
        case .text(let template): json.raw("\"\(template.render(values))\"")
        case .value, .pointer: (found(values, frame) ?? .null).write(to: &json)
        case .array(let elements):
            json.beginArray()
            for element in elements { element.write(values, frame, to: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for member in members {
                if member.isOptional, member.body.isEmpty(values, frame) { continue }
                json.key(member.name)
                member.body.write(values, frame, to: &json)
            }
            json.endObject()
        }
    }

    private func found(_ values: TemplateValues, _ frame: JSONValue?) -> JSONValue? {
        switch self {
        case .value(let path): values[path]
        case .pointer(let pointer): frame.flatMap(pointer.find)
        default: nil
        }
    }

    /// Whether an optional member is left out: no value, null, or an empty text.
    private func isEmpty(_ values: TemplateValues, _ frame: JSONValue?) -> Bool {
        switch self {
        case .text(let template): return template.render(values).isEmpty
        case .value, .pointer:
            let value = found(values, frame)
            return value == nil || value == .null || value == .string("")
        default: return false
        }
    }

    /// The names that are used anywhere in it.
    var names: Set<String> {
        switch self {
        case .literal, .pointer: []
        case .text(let template): template.names
        case .value(let path): [path.joined(separator: ".")]
        case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.names) }
        case .object(let members): members.reduce(into: []) { $0.formUnion($1.body.names) }
        }
    }

    /// Whether it looks into the frame that is answered.
    var needsFrame: Bool {
        switch self {
        case .literal, .text, .value: false
        case .pointer: true
        case .array(let elements): elements.contains(where: \.needsFrame)
        case .object(let members): members.contains(where: \.body.needsFrame)
        }
    }
}
