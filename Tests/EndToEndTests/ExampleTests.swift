import Crypto
import Foundation
import TestSupport
import Testing

/// The Python programs of `compose/examples`, as their users would run them.
@Suite(.timeLimit(.minutes(2)))
struct ExampleTests {
    private static let otherSecret = "whsec_plJ3nmyCDGBKInavdOK15jsl3kKYPJ3n"

    @Test func `what the sender issues, the gateway sends once, and the sender is told`() async throws {
        // Kefu signs with two secrets, and each side knows another one of them.
        let settings = [
            "KEFU_GATEWAY_SECRET": "\(Self.otherSecret),\(Site.gatewaySecret)",
            "TIANWANG_CALLBACK_SECRET": "\(Site.callbackSecret),\(Self.otherSecret)",
            "KEFU_API_TOKENS": "tianwang:tasks:0123456789abcdef0123", "HTTP_API_HOST": "127.0.0.1",
        ]
        try await Self.withGateway { gateway in
            try await Site.run { site in
                let port = Ports.free()
                let addresses = [
                    "KEFU_GATEWAY_URL": "\(gateway.url)/send", "TIANWANG_CALLBACK_URL": "http://127.0.0.1:\(port)/told",
                ]
                let kefu = try await site.start(settings.merging(addresses) { $1 })
                let tasks: JSON = [
                    Tasks.message("T1", trigger: ["type": "time_reach", "time": "2026-02-27 09:00:00"]),
                    Tasks.message(
                        "T2", trigger: ["type": "time_reach", "time": "2026-02-27 09:00:00"],
                        ["action": ["type": "send_link", "url": "https://xxx.com/a", "message": "请看"]]),
                ]
                // At the first address nobody is.
                let sender = try await Child.run(
                    "python3",
                    [
                        Self.path("tianwang_sender.py"), "--kefu", "http://127.0.0.1:1", "--kefu", kefu.url,
                        "--listen", "\(port)", "-",
                    ], environment: Self.environment(callback: Self.otherSecret), input: tasks.text)
                #expect(sender.status == 0, "\(sender.complaints)")
                #expect(sender.complaints.contains("T1: pending") && sender.complaints.contains("again in"))
                let told = try sender.output.split(separator: "\n").map { try JSON(String($0)) }
                #expect(Set(told.map { $0["task_id"] }) == ["T1", "T2"])
                #expect(told.allSatisfy { $0["status"] == "completed" && $0["result"]["message_id"] != .null })
                let sent = gateway.sent
                #expect(sent.count == 2)
                #expect(
                    Set(sent) == [
                        ["to": "c1", "text": "message of T1"], ["to": "c1", "text": "请看 [link https://xxx.com/a]"],
                    ])
            }
        }
    }

    @Test func `the sender repeats what may be repeated, the same each time, and nothing else`() async throws {
        try await HTTPSink.run { kefu in
            kefu.respond { request in
                switch request.number {
                case 1: .status(503, headers: [("Retry-After", "1")], body: "{}")
                case 2: .close
                case 3: .status(429, headers: [("Retry-After", "0")], body: "{}")
                case 4: .bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                case 5: .status(200, body: #"{"code":200,"data":{"task_id":"T1","status":"pending"}}"#)
                default: .status(400, body: #"{"code":400,"message":"参数错误"}"#)
                }
            }
            let tasks: JSON = [Tasks.message("T1"), Tasks.message("T2")]
            let sender = try await Child.run(
                "python3", [Self.path("tianwang_sender.py"), "--kefu", kefu.url, "--listen", "\(Ports.free())", "-"],
                environment: Self.environment(callback: Site.callbackSecret), input: tasks.text)
            #expect(sender.status == 1 && sender.complaints.contains("error: /api/task/receive: 400"))
            let requests = kefu.requests
            #expect(requests.map { $0.json["task_id"] } == ["T1", "T1", "T1", "T1", "T1", "T2"])
            #expect(Set(requests.prefix(5).map(\.body)).count == 1)
            #expect(requests.count > 1 && requests[1].arrival - requests[0].arrival >= .seconds(1))
            #expect(requests.allSatisfy { $0.header("authorization") == "Bearer 0123456789abcdef0123" })
        }
    }

    @Test func `the sender takes a callback once, and only from whoever knows the secret`() async throws {
        try await HTTPSink.run { kefu in
            kefu.respond { _ in .status(200, body: #"{"code":200,"data":{"task_id":"T1","status":"pending"}}"#) }
            let port = Ports.free()
            let sender = try await Child.start(
                "python3", [Self.path("tianwang_sender.py"), "--kefu", kefu.url, "--listen", "\(port)", "-"],
                environment: Self.environment(callback: Site.callbackSecret),
                input: JSON.array([Tasks.message("T1"), Tasks.message("T2")]).text)
            do {
                _ = try await kefu.requests(atLeast: 2)
                let told = { (task: String, secret: String) async throws -> Int? in
                    let body: JSON = [
                        "task_id": .string(task), "status": "failed", "error": "x", "result": nil,
                        "callback_id": .string("cb-\(task)"),
                    ]
                    return try await Self.post(to: port, body, Self.signature(of: body, with: secret))?.status
                }
                #expect(try await told("T1", Site.gatewaySecret) == 401)
                #expect(try await told("T1", Site.callbackSecret) == 200)
                #expect(try await told("T1", Site.callbackSecret) == 200)
                #expect(sender.isRunning)
                #expect(try await told("T2", Site.callbackSecret) == 200)
                #expect(try await sender.end() == 1)
                #expect(sender.output.split(separator: "\n").count == 2)
            } catch {
                try await sender.dispose()
                throw error
            }
            try await sender.dispose()
        }
    }

    @Test func `the gateway refuses what is not signed, or long ago, and sends nothing`() async throws {
        try await Self.withGateway { gateway in
            let body = Self.attempt("T1")
            let good = Self.signature(of: body, with: Site.gatewaySecret)
            let refused: [[String]] = [
                [], Self.signature(of: body, with: Self.otherSecret),
                Self.signature(of: body, with: Site.gatewaySecret, secondsAgo: 301),
                Self.signature(of: body, with: Site.gatewaySecret, secondsAgo: -900),
                Self.signature(of: Self.attempt("T2"), with: Site.gatewaySecret),
                good.filter { !$0.hasPrefix("webhook-id") }, good.map { $0.replacing("v1,", with: "v2,") },
            ]
            for headers in refused {
                let answer = try await Self.post(to: gateway.port, body, headers + ["Idempotency-Key: T1:1"])
                #expect(answer?.status == 401, "\(headers)")
            }
            #expect(try await Self.post(to: gateway.port, body, good)?.status == 400)
            #expect(gateway.sent == [])
            #expect(try await Self.post(to: gateway.port, body, good + ["Idempotency-Key: T1:1"])?.status == 200)
            #expect(gateway.sent.count == 1)
        }
    }

    @Test func `the gateway sends nothing twice under one key, whatever happens to it`() async throws {
        let folder = try PrivateRedis.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Nothing is lost with it.
        var answers: Set<String> = []
        let again = { (gateway: Gateway, key: String) async throws -> Answer? in
            let body = Self.attempt("T1")
            return try await Self.post(
                to: gateway.port, body,
                Self.signature(of: body, with: Site.gatewaySecret) + ["Idempotency-Key: \(key)"])
        }
        for round in 0..<2 {
            try await Self.withGateway(database: "\(folder)/sent.db") { gateway in
                for _ in 0..<3 {
                    let answer = try #require(try await again(gateway, "T1:1"))
                    #expect(answer.status == 200)
                    answers.insert(answer.body)
                }
                #expect(gateway.sent.count == (round == 0 ? 1 : 0))
                // Another generation is another action.
                #expect(try await again(gateway, "T1:\(round + 2)")?.status == 200)
                try await gateway.child.kill9()
            }
        }
        #expect(answers.count == 1)
    }

    // MARK: Parts

    private struct Gateway {
        let port: Int
        let child: Child

        var url: String { "http://127.0.0.1:\(port)" }

        /// What it has sent so far.
        var sent: [JSON] { child.output.split(separator: "\n").map { (try? JSON(String($0))) ?? .null } }
    }

    private static func withGateway(
        database: String = "sent.db", _ body: (Gateway) async throws -> Void
    ) async throws {
        let port = Ports.free()
        let child = try await Child.start(
            "python3", [path("gateway_receiver.py"), "--listen", "\(port)", "--database", database],
            environment: ["KEFU_GATEWAY_SECRET": Site.gatewaySecret, "PYTHONDONTWRITEBYTECODE": "1"])
        do {
            try await eventually("the gateway listens") { child.complaints.contains("listening") || !child.isRunning }
            try await body(Gateway(port: port, child: child))
        } catch {
            let complaints = child.complaints
            try await child.dispose()
            throw NotMet(description: "\(error)\n\(complaints)")
        }
        try await child.dispose()
    }

    private static func path(_ name: String) -> String { Repository.path("compose/examples/\(name)") }

    private static func environment(callback secret: String) -> [String: String] {
        [
            "KEFU_TOKEN": "0123456789abcdef0123", "TIANWANG_CALLBACK_SECRET": secret, "PYTHONDONTWRITEBYTECODE": "1",
            // Kefu's example must not send what it has to a proxy.
            "no_proxy": "*",
        ]
    }

    private static func attempt(_ id: String) -> JSON {
        [
            "task_id": .string(id), "generation": 1, "attempt": 1, "trigger_event": nil,
            "action": ["type": "send_message", "message": "你好", "file_url": nil, "url": nil],
            "customer": ["id": "c1", "name": nil],
        ]
    }

    /// Headers as Standard Webhooks wants them.
    private static func signature(of body: JSON, with secret: String, secondsAgo: Int = 0) -> [String] {
        let time = Int(Date().timeIntervalSince1970) - secondsAgo
        // The secrets of these tests are base64.
        let key = Data(base64Encoded: String(secret.dropFirst("whsec_".count))) ?? Data()
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("msg1.\(time).\(body.text)".utf8), using: SymmetricKey(data: key))
        return [
            "webhook-id: msg1", "webhook-timestamp: \(time)",
            "webhook-signature: v1,\(Data(code).base64EncodedString())",
        ]
    }

    private static func post(to port: Int, _ body: JSON, _ headers: [String]) async throws -> Answer? {
        let request = Wire.request("POST", "/", headers: headers, body: Array(body.text.utf8))
        return try await Wire.exchange(port: port, request).answers.first
    }
}
