import KefuEngine
import KefuServer
import Logging
import NIOPosix
import Testing

@testable import kefu

struct StartNoticeTests {
    private func lines(_ environment: [String: String]) throws -> [String] {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = HTTPServer(
            group: .singleton, address: ListenAddress(port: 0), router: Router([]), logger: logger)
        return try StartNotice(
            settings: Settings(SettingsSource(environment: environment)), server: server,
            grace: GracePeriod(length: .seconds(1)), logger: logger
        ).lines(port: 5678)
    }

    @Test func `it says where it listens, where its data lies, what is not set, and two commands to paste`() throws {
        let text = try lines(["TASK_DB_PATH": "db/tasks.db"]).joined(separator: "\n")
        #expect(text.contains("http://127.0.0.1:5678"))
        #expect(text.contains("embedded Redis in .kefu"))
        #expect(text.contains("KEFU_GATEWAY_URL"))
        #expect(text.contains("TASK_DB_PATH=db/tasks.db"))
        #expect(text.contains("curl http://127.0.0.1:5678/api/task/receive -d"))
        #expect(text.contains("curl http://127.0.0.1:5678/api/event -d"))
    }

    @Test func `it shows no secret`() throws {
        let text = try lines([
            "KEFU_API_TOKENS": "a:admin:CANARY-0123456789", "REDIS_URL": "redis://u:CANARY@h/",
            "KEFU_GATEWAY_URL": "http://g/CANARY",
        ]).joined(separator: "\n")
        #expect(!text.contains("CANARY"))
        #expect(text.contains("http://localhost:5678"))
        #expect(text.contains("Authorization: Bearer <token>"))
    }
}
