import Crypto
import Foundation
import TestSupport
import Testing

/// Bodies that tests post.
enum Tasks {
    /// A task that sends a message, after 好的 unless the trigger says otherwise.
    static func message(
        _ id: String, customer: String = "c1", trigger: JSON = ["type": "customer_reply", "keyword": "好的"],
        _ more: [String: JSON] = [:]
    ) -> JSON {
        var members: [String: JSON] = [
            "task_id": .string(id), "type": "test", "customer": ["id": .string(customer)], "trigger": trigger,
            "action": ["type": "send_message", "message": "message of \(id)"],
        ]
        members.merge(more) { $1 }
        return .object(members)
    }

    static func said(_ text: String, by customer: String = "c1", _ more: [String: JSON] = [:]) -> JSON {
        event("customer_message", by: customer, more.merging(["text": .string(text)]) { $1 })
    }

    static func event(_ type: String, by customer: String = "c1", _ more: [String: JSON] = [:]) -> JSON {
        .object(more.merging(["type": .string(type), "customer": ["id": .string(customer)]]) { $1 })
    }
}

extension Instance {
    /// Posts a task that must be accepted.
    func accept(_ task: JSON) async throws {
        let answer = try await post("/api/task/receive", task)
        try #require(answer.status == 200, "\(answer.body)")
    }

    /// Reports an event; the ids of the tasks that it fired.
    func report(_ event: JSON) async throws -> [String] {
        let answer = try await post("/api/event", event)
        try #require(answer.status == 200, "\(answer.body)")
        return answer.data["matched"].elements.compactMap(\.string)
    }

    func cancel(_ id: String) async throws -> Answer { try await post("/api/task/cancel", ["task_id": .string(id)]) }
}

extension HTTPSink.Request {
    /// null when it is not JSON.
    var json: JSON { (try? JSON(text)) ?? .null }

    /// Whether its signature is right for the secret, as Standard Webhooks says, by a computation of our own.
    func isSigned(with secret: String) -> Bool {
        guard let id = header("webhook-id"), let timestamp = header("webhook-timestamp"),
            let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count))), !id.contains(".")
        else { return false }
        let signed = Data("\(id).\(timestamp).".utf8) + Data(body)
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
        return header("webhook-signature") == "v1,\(Data(code).base64EncodedString())"
    }
}

/// Whether the text is a time as Kefu shows them, in the zone of Shanghai.
func isTime(_ value: JSON) -> Bool {
    value.string?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00/) != nil
}

/// The time, when ``isTime(_:)``.
func date(_ value: JSON) throws -> Date {
    try Date(value.string ?? "", strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
