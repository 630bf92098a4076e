import ArgumentParser
import KefuCore

struct EventVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "event", abstract: "Report what a customer did.",
        discussion: """
            The type follows from --text (customer_message) or --event (custom_event), unless --type names it.

            EXAMPLES
              kefu event --customer c1 --text 好的
              kefu event --customer c1 --type customer_payment --data '{"order_id": "A1", "amount": 100}'
              kefu event --customer c1 --event course_finished --event-id 20260227-1
            """)

    @Option(help: "The customer's id.") var customer: String
    @Option(help: "What the customer wrote.") var text: String?
    @Option(
        help: "customer_message, customer_payment, customer_order or custom_event.", completion: .list(Words.events))
    var type: String?
    @Option(help: "The name of a custom event.") var event: String?
    @Option(help: "A JSON object that conditions look at.") var data: String?
    @Option(help: "Your id of this event: it is processed once in 24 h.") var eventID: String?
    @Option(help: "A JSON object that says where the customer spoke.") var conversation: String?
    @OptionGroup var client: ClientOptions

    func validate() throws {
        if type == nil, text == nil, event == nil { throw ValidationError("Give --text, --event or --type.") }
    }

    func run() async throws {
        try await client.run { api in
            try client.show(try await api.post("/api/event", body: body)) { Self.text($0) }
        }
    }

    /// `data` and `conversation` go as they were given: whether they are JSON is the server's business to say.
    var body: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("type")
        json.string(type ?? (event == nil ? EventKind.message : .custom).rawValue)
        json.key("customer")
        json.beginObject()
        json.key("id")
        json.string(customer)
        json.endObject()
        for (name, value) in [("text", text), ("event", event), ("event_id", eventID)] {
            guard let value else { continue }
            json.key(name)
            json.string(value)
        }
        for (name, value) in [("data", data), ("conversation", conversation)] {
            guard let value else { continue }
            json.key(name)
            json.raw(value)
        }
        json.endObject()
        return json.bytes
    }

    static func text(_ answer: Envelope) -> String {
        let matched = answer.data["matched"].elements.map { Table.escaped($0.text) }
        let duplicate = answer.data["duplicate"] == .bool(true) ? "  (duplicate)" : ""
        return matched.isEmpty
            ? "no task fired\(duplicate)\n" : "fired: \(matched.joined(separator: "  "))\(duplicate)\n"
    }
}
