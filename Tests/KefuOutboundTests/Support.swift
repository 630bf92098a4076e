import Foundation
import KefuCore
import KefuOutbound

/// Runs `body` with a transport of its own, shut down afterwards.
func withTransport<Value>(
    limits: CurlTransport.Limits = .init(), _ body: (CurlTransport) async throws -> Value
) async throws -> Value {
    let transport = try CurlTransport(limits: limits)
    defer { transport.shutdown() }
    return try await body(transport)
}

/// Stands for KefuCore's strict reader, which the command wires in.
@Sendable func isJSON(_ bytes: [UInt8]) -> Bool {
    // Any error means: not JSON.
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
}

/// Stands for KefuCore's formatter: shows that the milliseconds arrived.
@Sendable func shownTime(_ epochMs: Int64) -> String { "T\(epochMs)" }

extension HTTPResult {
    var response: HTTPResponse? { try? get() }

    var failure: HTTPFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }

    var isUnreachable: Bool {
        if case .unreachable = failure { true } else { false }
    }
}

extension ActionRequest {
    static func sample(
        taskID: String = "TASK_001", generation: Int = 1, attempt: Int = 1, message: String? = "您好",
        triggerEventJSON: String? = #"{"at":1772154000123,"type":"customer_message","text":"好的"}"#,
        maySend: @escaping @Sendable () -> Bool = { true }
    ) -> ActionRequest {
        ActionRequest(
            taskID: taskID, generation: generation, attempt: attempt,
            action: Action(kind: .sendFile, message: message, fileURL: "https://f.example/a.pdf"),
            customer: Customer(id: "cust-1", name: nil), triggerEventJSON: triggerEventJSON, maySend: maySend)
    }
}
