import KefuCore
import Logging

/// Stands in while no gateway URL is set: prints what would be sent and calls it accepted.
package struct LoggingGateway: MessageGateway {
    private let logger: Logger

    package init(logger: Logger) { self.logger = logger }

    package func send(_ request: ActionRequest) async -> GatewayReport {
        guard request.maySend() else { return GatewayReport(answer: .notSent, error: "not sent", duration: .zero) }
        var fields: Logger.Metadata = [
            "task_id": "\(request.taskID)", "generation": "\(request.generation)", "attempt": "\(request.attempt)",
            "customer_id": "\(request.customer.id)", "action": "\(request.action.kind.rawValue)",
        ]
        let optional = [
            "customer_name": request.customer.name, "message": request.action.message,
            "file_url": request.action.fileURL, "url": request.action.url, "trigger_event": request.triggerEventJSON,
        ]
        if let trace = request.trace { fields["trace_id"] = "\(trace.traceID)" }
        for (name, value) in optional { fields[name] = value.map { "\($0)" } }
        logger.info("动作（未配置网关，仅打印）", metadata: fields)
        return GatewayReport(answer: .accepted(resultJSON: nil), duration: .zero)
    }
}
