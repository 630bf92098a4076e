import Foundation
import TestSupport
import Testing

/// Canaries in every secret, through a whole life with errors: none may be found anywhere afterwards.
@Suite(.timeLimit(.minutes(2)))
struct SecretTests {
    private static let token = "canary-token-0123456789"
    private static let fileToken = "canary-file-token-0123456789"
    private static let redisPassword = "canary-redis-password"
    private static let robotKey = "canary-robot-key"
    private static let readToken = "canary-read-token-0123456789"

    private static let canaries =
        [token, fileToken, redisPassword, robotKey, readToken, "canary-guess"]
        + [Site.gatewaySecret, Site.callbackSecret].flatMap { secret in
            let key = String(secret.dropFirst("whsec_".count))
            return [key, Data(base64Encoded: key)?.map { String($0) }.joined(separator: ", ") ?? key]
        }

    @Test func `no secret is in a log, an answer, a process list or Redis`() async throws {
        let arguments = ["--requirepass", Self.redisPassword]
        try await Site.run(redis: arguments, signIn: { $0.password = Self.redisPassword }) { site in
            let file = "\(site.redis.folder)/tokens"
            try "ops:admin:\(Self.fileToken)\n".write(toFile: file, atomically: true, encoding: .utf8)
            let settings = [
                "REDIS_URL": "unix://:\(Self.redisPassword)@\(site.redis.folder)/s", "LOG_LEVEL": "trace",
                "KEFU_API_TOKENS": "tianwang:tasks:\(Self.token),screen:read:\(Self.readToken)",
                "KEFU_API_TOKENS_FILE": file, "HTTP_API_HOST": "127.0.0.1",
                "KEFU_GATEWAY_URL": "\(site.gateway.url)/send?key=\(Self.robotKey)",
                "TIANWANG_CALLBACK_URL": "\(site.receiver.url)/callback?key=\(Self.robotKey)",
                "KEFU_GATEWAY_SECRET": Site.gatewaySecret, "TIANWANG_CALLBACK_SECRET": Site.callbackSecret,
            ]
            let kefu = try await site.start(settings)
            var seen = try await liveALife(site, kefu)
            seen.append(try String(contentsOfFile: "/proc/\(kefu.child.pid)/cmdline", encoding: .utf8))
            for (key, image) in try await site.redis.image("") { seen.append("\(key) \(image)") }
            for token in [Self.token, Self.fileToken, "canary-guess-0123456789"] {
                let doctor = try await kefu.kefu("doctor", settings: settings.merging(["KEFU_TOKEN": token]) { $1 })
                seen += [doctor.output, doctor.complaints]
            }
            for verb in ["stats", "list"] {
                let said = try await kefu.kefu(verb, "--json", settings: ["KEFU_TOKEN": "canary-guess-0123456789"])
                seen += [said.output, said.complaints]
            }
            // Away, back, and gone: what is said of Redis then.
            try await site.redis.kill()
            seen.append(try await kefu.get("/api/health").body)
            try await site.redis.start()
            kefu.child.signal(15)
            #expect(try await kefu.child.end() == 0)
            seen += [kefu.child.output, kefu.child.complaints]
            #expect(seen.joined().utf8.count > 20_000)
            for canary in Self.canaries {
                for text in seen { #expect(!text.contains(canary), "\(canary) in \(text.prefix(2000))") }
            }
        }
    }

    /// A task that succeeds, one that is refused, one that fails for a while, and requests that are turned away.
    private func liveALife(_ site: Site, _ kefu: Instance) async throws -> [String] {
        let admin = ["Authorization: Bearer \(Self.fileToken)"]
        site.gateway.respond { request in
            if request.text.contains("refused") { return .status(400, body: "no") }
            return request.text.contains("tired") && request.number < 6 ? .close : .status(200, body: #"{"ok": 1}"#)
        }
        var seen: [String] = []
        for id in ["good", "refused", "tired"] {
            let task = Tasks.message(id, customer: id)
            let token = "Authorization: Bearer \(Self.token)"
            seen.append(try await kefu.post("/api/task/receive", task, headers: [token]).body)
            seen.append(try await kefu.post("/api/event", Tasks.said("好的", by: id), headers: admin).body)
        }
        _ = try await site.receiver.requests(atLeast: 3)
        let guesses = ["Bearer canary-guess-0123456789", "Basic canary-guess", "Bearer \(Self.token)x", Self.token]
        for guess in guesses {
            let answer = try await kefu.get("/api/task/stats", headers: ["Authorization: \(guess)"])
            #expect(answer.status == 401)
            seen.append("\(answer.fields) \(answer.body)")
        }
        for path in ["status/good", "status/tired", "list", "stats"] {
            let answer = try await kefu.get("/api/task/\(path)", headers: admin)
            #expect(answer.status == 200)
            seen.append("\(answer.fields) \(answer.body)")
        }
        seen.append(try await kefu.get("/api/callbacks", headers: admin).body)
        return seen
    }

    @Test(arguments: ["text", "json"])
    func `no text of a stranger makes a second line, moves the cursor or turns the direction`(format: String)
        async throws
    {
        let settings = ["LOG_LEVEL": "trace", "LOG_FORMAT": format, "KEFU_RETRY_BASE_SECONDS": "0.05"]
        try await Site.run(settings) { site, kefu in
            let evil = "x\r\n2026-01-01T00:00:00.000+08:00 ERROR 任务执行失败 task_id=fake\u{1B}[2J\u{202E}\u{2028}\u{85}"
            let quoted = "x\" task_id=\"fake\" \\\" {\"level\":\"error\"}"
            site.gateway.respond { request in
                request.json["attempt"] == 1
                    ? .status(503, headers: [(name: "retry-after", value: "0")], body: evil)
                    : .status(400, body: quoted)
            }
            for (number, text) in [evil, quoted].enumerated() {
                let id = "T\(number)"
                let fields: [String: JSON] = [
                    "type": .string(String(text.prefix(20))), "created_by": .string(text),
                    "customer": ["id": .string(id), "name": .string(text)],
                    "trigger": ["type": "customer_reply", "keyword": .string(text)],
                    "action": ["type": "send_message", "message": .string(text)],
                ]
                try await kefu.accept(Tasks.message(id, fields))
                #expect(try await kefu.report(Tasks.said(text, by: id)) == [id])
                try await kefu.status(id, is: "failed")
                _ = try await kefu.post("/api/task/cancel", ["task_id": .string(id), "reason": .string(text)])
                _ = try await kefu.get(
                    "/api/task/status/\(text.addingPercentEncoding(withAllowedCharacters: []) ?? "")")
                let task = Tasks.message("bad", ["task_id": .string(text), "trigger": ["type": .string(text)]])
                #expect(try await kefu.post("/api/task/receive", task).status == 400)
            }
            kefu.child.signal(15)
            #expect(try await kefu.child.end() == 0)
            try Self.check(kefu.child.complaints, format)
        }
    }

    private static func check(_ log: String, _ format: String) throws {
        // A NUL or bytes that are not UTF-8 would have made this empty.
        let lines = log.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count > 20)
        // Behind the notice of the start, every line is an event.
        let start = lines.firstIndex { $0.contains("listening on") } ?? 0
        for line in lines[start...].dropFirst(8) where !line.isEmpty {
            let isEvent =
                format == "json"
                ? try JSON(String(line))["time"].string != nil
                : line.firstMatch(of: #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00 [A-Z]+ /#) != nil
            #expect(isEvent, "\(line.debugDescription)")
            // Quoted inside a value it may stand, as a line's own words it must not.
            #expect(line.firstMatch(of: /^\S+ ERROR 任务执行失败 task_id=fake|" task_id=fake/) == nil, "\(line)")
            let isClean = line.unicodeScalars.allSatisfy { scalar in
                let isControl = scalar.properties.generalCategory == .control
                return !isControl && ![0x2028, 0x2029, 0x202E, 0x2066].contains(scalar.value)
            }
            #expect(isClean, "\(line.debugDescription)")
        }
    }
}
