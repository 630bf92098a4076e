import KefuCore
import Testing

/// Runs `use` on the bytes of a body.
func reading<Value>(
    _ bytes: some Sequence<UInt8>, _ use: (UnsafeRawBufferPointer) throws(InputError) -> Value
) -> Result<Value, InputError> {
    let bytes = Array(bytes)
    return bytes.withUnsafeBytes { body in Result { () throws(InputError) in try use(body) } }
}

extension Result where Failure == InputError {
    var error: InputError? {
        if case .failure(let error) = self { error } else { nil }
    }

    var value: Success? { try? get() }
}

/// The reader of a place whose clock does not change.
let requests = RequestReader(timeZone: zone("Asia/Shanghai"), eventLog: .seconds(60))

func zone(_ name: String) -> TimeZoneRules {
    guard let zone = TimeZoneRules(name: name) else { preconditionFailure("no time zone \(name)") }
    return zone
}

/// The text of a JSON object whose members can be exchanged.
struct ObjectText {
    var members: [(key: String, json: String)]

    /// A valid task, with defaults left out.
    static let task = ObjectText(members: [
        ("task_id", #""TASK_1""#), ("type", #""send_file_after_reply""#), ("customer", #"{"id": "customer_1"}"#),
        ("trigger", #"{"type": "customer_reply", "keyword": "好的"}"#),
        ("action", #"{"type": "send_message", "message": "这是您要的文件"}"#),
    ])

    /// A valid event.
    static let event = ObjectText(members: [
        ("type", #""customer_message""#), ("customer", #"{"id": "customer_1"}"#), ("text", #""好的""#),
    ])

    /// The same with a member set, or without it.
    func with(_ key: String, _ json: String?) -> ObjectText {
        var members = members
        if let index = members.firstIndex(where: { $0.key == key }) {
            if let json { members[index].json = json } else { members.remove(at: index) }
        } else if let json {
            members.append((key, json))
        }
        return ObjectText(members: members)
    }

    var text: String { "{" + members.map { "\"\($0.key)\": \($0.json)" }.joined(separator: ", ") + "}" }

    func readTask() -> Result<NewTask, InputError> {
        reading(text.utf8) { (body) throws(InputError) in try requests.task(body) }
    }

    func readEvent() -> Result<CustomerEvent, InputError> {
        reading(text.utf8) { (body) throws(InputError) in try requests.event(body) }
    }
}

/// A member, what it is set to, and what the error must say.
struct Refusal: CustomTestStringConvertible {
    var key: String
    var json: String?
    var field: String
    var detail: String

    init(_ key: String, _ json: String?, _ field: String, _ detail: String) {
        self.key = key
        self.json = json
        self.field = field
        self.detail = detail
    }

    var testDescription: String { "\(key) = \(json?.prefix(60) ?? "absent")" }
}

func quoted(_ text: String) -> String {
    var json = JSONWriter()
    json.string(text)
    return json.text
}
