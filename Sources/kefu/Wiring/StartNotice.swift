import KefuEngine
import KefuServer
import Logging
import ServiceLifecycle

/// What a person who has just started an instance wants to know, once it listens. Started last, so the first to hear
/// of a shutdown: begins the grace period that all services share.
struct StartNotice: Service {
    let settings: Settings
    let server: HTTPServer
    let grace: GracePeriod
    let logger: Logger

    func run() async throws {
        let port = try await server.port()
        // Whoever reads the log as JSON is no person, and each line is to be one.
        if settings.logFormat != .json { for line in lines(port: port) { StandardError.line(line) } }
        try? await gracefulShutdown()  // Cancelled instead: it ends all the same.
        grace.begin()
    }

    func lines(port: Int) -> [String] {
        let host = ["0.0.0.0", "::"].contains(settings.host) ? "localhost" : settings.host
        let url = "\(settings.tls == nil ? "http" : "https")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        var lines = [
            "", "kefu \(Kefu.version) 已启动 · listening on \(url)",
            "  数据 · data: \(settings.redis?.description ?? "embedded Redis in \(settings.dataDirectory)")",
            "  网关 · gateway: "
                + (settings.gatewayIsConnector
                    ? "经由平台连接 · over the connection to the platform"
                    : !settings.sendsActions
                        ? "未设置，动作只打印到日志 · not set, actions are only logged (KEFU_GATEWAY_URL)" : "已设置 · set"),
            "  回调 · callback: "
                + (!settings.sendsCallbacks ? "未设置 · not set (TIANWANG_CALLBACK_URL)" : "已设置 · set"),
        ]
        if let connector = settings.connector {
            lines.append("  平台 · platform: \(connector.address)")
        }
        if let file = settings.taskDatabase {
            lines.append(
                "  TASK_DB_PATH=\(Table.escaped(file)) 已不再使用：任务存放在 Redis · no longer used, tasks live in Redis")
        }
        return lines + example(url) + [""]
    }

    /// Two commands to paste: a task, and the event that fires it.
    private func example(_ url: String) -> [String] {
        let token = settings.tokens.isEmpty ? "" : " -H 'Authorization: Bearer <token>'"
        let insecure = settings.tls == nil ? "" : " -k"
        return [
            "  试一试 · try it:",
            "    curl\(insecure) \(url)/api/task/receive\(token) -d '{\"task_id\":\"TASK_001\",\"type\":\"demo\","
                + "\"customer\":{\"id\":\"customer_123\"},\"trigger\":{\"type\":\"customer_reply\",\"keyword\":\"好的\"},"
                + "\"action\":{\"type\":\"send_message\",\"message\":\"这是您要的文件\"}}'",
            "    curl\(insecure) \(url)/api/event\(token) -d '{\"type\":\"customer_message\","
                + "\"customer\":{\"id\":\"customer_123\"},\"text\":\"好的\"}'",
        ]
    }
}
