import Foundation
import TestSupport
import Testing

/// HTTPS as an operator sets it up: a certificate made by openssl, asked by curl.
@Suite(.timeLimit(.minutes(2)))
struct HTTPSTests {
    @Test func `with a certificate and its key the front speaks HTTPS and nothing else`() async throws {
        try await Site.run { site in
            let folder = site.redis.folder
            try await Self.certificate("good", in: folder)
            let port = Ports.free()
            let environment = [
                "REDIS_URL": "unix://\(folder)/s", "HTTP_API_PORT": "\(port)", "KEFU_TLS_CERT": "\(folder)/good.crt",
                "KEFU_TLS_KEY": "\(folder)/good.key",
            ]
            let child = try await Child.start(try Instance.executable, ["serve"], environment: environment)
            do {
                try await eventually("it listens") {
                    child.complaints.contains("listening on https://127.0.0.1:\(port)")
                }
                let url = "https://localhost:\(port)"
                let arguments = ["-s", "--cacert", "\(folder)/good.crt"]
                let task = Tasks.message("T1").text
                let accepted = try await Child.run(
                    "/usr/bin/curl", arguments + ["-d", task, "\(url)/api/task/receive"])
                #expect(accepted.output.contains("任务接收成功"), "\(accepted)")
                let status = try await Child.run("/usr/bin/curl", arguments + ["\(url)/api/task/status/T1"])
                #expect(try JSON(status.output)["data"]["status"] == "waiting")
                // Nobody trusts it unasked, and old protocols are refused.
                #expect(try await Child.run("/usr/bin/curl", ["-s", "\(url)/api/health"]).status == 60)
                let old = try await Child.run("/usr/bin/curl", arguments + ["--tls-max", "1.1", "\(url)/api/health"])
                #expect(old.status != 0)
                let plain = try await Child.run("/usr/bin/curl", ["-s", "http://localhost:\(port)/api/health"])
                #expect(plain.status != 0 && !plain.output.contains("服务正常"))
                child.signal(15)
                #expect(try await child.end() == 0)
            } catch {
                try await child.dispose()
                throw error
            }
            try await child.dispose()
        }
    }

    @Test func `files that cannot be used stop the start with one line`() async throws {
        try await Site.run { site in
            let folder = site.redis.folder
            try await Self.certificate("good", in: folder)
            try await Self.certificate("other", in: folder)
            try "nonsense\n".write(toFile: "\(folder)/nonsense", atomically: true, encoding: .utf8)
            let pairs: [(certificate: String?, key: String?, status: Int32)] = [
                ("good.crt", nil, 78), (nil, "good.key", 78), ("none", "good.key", 78), ("good.crt", "none", 78),
                ("good.crt", "other.key", 78), ("nonsense", "good.key", 78), ("good.crt", "nonsense", 78),
                ("good.key", "good.crt", 78),
            ]
            for pair in pairs {
                var environment = ["REDIS_URL": "unix://\(folder)/s", "HTTP_API_PORT": "\(Ports.free())"]
                environment["KEFU_TLS_CERT"] = pair.certificate.map { "\(folder)/\($0)" }
                environment["KEFU_TLS_KEY"] = pair.key.map { "\(folder)/\($0)" }
                let outcome = try await Child.run(try Instance.executable, ["serve"], environment: environment)
                #expect(outcome.status == pair.status, "\(pair) \(outcome)")
                let lines = outcome.complaints.split(separator: "\n").filter { $0.hasPrefix("kefu: KEFU_TLS_") }
                #expect(lines.count == 1 && outcome.output == "", "\(pair) \(outcome.complaints)")
            }
        }
    }

    private static func certificate(_ name: String, in folder: String) async throws {
        let outcome = try await Child.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).crt", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
        guard outcome.status == 0 else { throw NotMet(description: "openssl: \(outcome.complaints)") }
    }
}
