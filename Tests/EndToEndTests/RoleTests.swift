import TestSupport
import Testing

/// Tokens and what each role may do.
@Suite(.timeLimit(.minutes(2)))
struct RoleTests {
    private static let roles = ["tasks", "events", "read", "admin"]

    private static func token(_ role: String) -> String { "\(role)-0123456789abcdef" }

    private static let settings = [
        "KEFU_API_TOKENS": roles.map { "\($0):\($0):\(token($0))" }.joined(separator: ","),
        "HTTP_API_HOST": "127.0.0.1", "LOG_LEVEL": "trace",
    ]

    private static let calls: [(method: String, path: String, allowed: Set<String>)] = [
        ("POST", "/api/task/receive", ["tasks", "admin"]), ("POST", "/api/task/receive/batch", ["tasks", "admin"]),
        ("POST", "/api/task/cancel", ["tasks", "admin"]), ("POST", "/api/task/retry", ["tasks", "admin"]),
        ("POST", "/api/task/fire", ["admin"]), ("POST", "/api/event", ["events", "admin"]),
        ("POST", "/api/event/batch", ["events", "admin"]),
        ("GET", "/api/task/status/T1", ["tasks", "read", "admin"]),
        ("GET", "/api/task/list", ["tasks", "read", "admin"]),
        ("GET", "/api/task/stats", ["tasks", "read", "admin"]), ("GET", "/api/callbacks", ["tasks", "read", "admin"]),
        ("POST", "/api/callbacks/replay", ["admin"]), ("GET", "/api/access", Set(roles)),
        ("GET", "/api/task/stream?stats=x", ["tasks", "read", "admin"]),
    ]

    @Test func `each role may do what its row says, and nobody without a token anything`() async throws {
        try await Site.run(Self.settings) { site, kefu in
            for call in Self.calls {
                for role in Self.roles {
                    let answer = try await ask(kefu, call, ["Authorization: Bearer \(Self.token(role))"])
                    if call.allowed.contains(role) {
                        // The empty body is refused only behind the check, and there is no such task.
                        #expect([200, 400, 404].contains(answer.status), "\(role) \(call.path) \(answer.body)")
                    } else {
                        #expect(answer.status == 403 && answer.errorType == "forbidden", "\(role) \(call.path)")
                    }
                }
                for headers in [
                    [], ["Authorization: Bearer wrong"], ["Authorization: Bearer \(Self.token("admin"))x"],
                    ["Authorization: Bearer \(Self.token("admin").dropLast())"],
                    ["Authorization: Basic \(Self.token("admin"))"], ["Authorization: \(Self.token("admin"))"],
                    Array(repeating: "Authorization: Bearer \(Self.token("admin"))", count: 2),
                ] {
                    let answer = try await ask(kefu, call, headers)
                    #expect(answer.status == 401 && answer.errorType == "unauthorized", "\(headers) \(call.path)")
                    #expect(answer["www-authenticate"] == "Bearer")
                }
            }
            #expect(try await kefu.get("/api/task/stats?token=\(Self.token("admin"))").status == 401)
            for path in ["/api/health", "/api/health/live"] { #expect(try await kefu.get(path).status == 200) }
            let stats = try await kefu.kefu("stats", settings: ["KEFU_TOKEN": Self.token("read")])
            #expect(stats.status == 0)
            #expect(try await kefu.kefu("stats").status == 1)
            #expect(Self.roles.allSatisfy { !kefu.child.complaints.contains(Self.token($0)) })
        }
    }

    private func ask(
        _ kefu: Instance, _ call: (method: String, path: String, allowed: Set<String>), _ headers: [String]
    ) async throws -> Answer {
        call.method == "GET"
            ? try await kefu.get(call.path, headers: headers) : try await kefu.post(call.path, "{}", headers: headers)
    }
}
