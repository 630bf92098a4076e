import TestSupport
import Testing

/// `kefu serve` with a wrong setting.
@Suite(.timeLimit(.minutes(2)))
struct SettingsRefusalTests {
    private static let wrong: [(settings: [String: String], line: String)] = [
        (["HTTP_API_PORT": "70000"], "HTTP_API_PORT=70000: must be a whole number from 1 to 65535"),
        (["HTTP_API_PORT": "0"], "HTTP_API_PORT=0: "), (["HTTP_API_PORT": "5678x"], "HTTP_API_PORT=5678x: "),
        (["REDIS_URL": "ftp://host"], "REDIS_URL=ftp://host: "),
        (["REDIS_URL": "redis://user:geheim@host:99999"], "REDIS_URL=redis://***@host:99999: "),
        (["HTTP_API_HOST": "0.0.0.0"], "HTTP_API_HOST=0.0.0.0: without tokens only a loopback address is allowed"),
        (["KEFU_API_TOKENS": "ci:admin:geheim"], "KEFU_API_TOKENS=***: the token of entry 1 must have at least 16"),
        (
            ["KEFU_API_TOKENS": "ci:boss:geheim-geheim-geheim"],
            "KEFU_API_TOKENS=***: the role of entry 1 must be one of"
        ),
        (["KEFU_GATEWAY_SECRET": "whsec_geheim"], "KEFU_GATEWAY_SECRET=***: secret 1 must be whsec_ followed by"),
        (["TIANWANG_CALLBACK_SECRET": "geheim"], "TIANWANG_CALLBACK_SECRET=***: "),
        (["KEFU_GATEWAY_URL": "http://u:geheim@h/"], "KEFU_GATEWAY_URL=http://***@h/: must be an absolute http"),
        (["TIANWANG_CALLBACK_URL": "tianwang-server/api"], "TIANWANG_CALLBACK_URL=tianwang-server/api: "),
        (["TIANWANG_CALLBACK_STATUSES": "done"], "TIANWANG_CALLBACK_STATUSES=done: "),
        (["KEFU_TIMEZONE": "Mars/Olympus"], "KEFU_TIMEZONE=Mars/Olympus: must be an IANA name"),
        (["KEFU_CONCURRENCY": "0"], "KEFU_CONCURRENCY=0: must be a whole number from 1 to 10000"),
        (["KEFU_RETRY_BASE_SECONDS": "0.01"], "KEFU_RETRY_BASE_SECONDS=0.01: must be a number of seconds from 0.05"),
        (["KEFU_LEASE_SECONDS": "-1"], "KEFU_LEASE_SECONDS=-1: "), (["LOG_LEVEL": "loud"], "LOG_LEVEL=loud: "),
        (["KEFU_TLS_CERT": "/nowhere.pem"], "KEFU_TLS_CERT=/nowhere.pem: "),
        (["KEFU_MIN_REPLICAS": "many"], "KEFU_MIN_REPLICAS=many: "),
        (["KEFU_RETENTION_HOURS": "1e3"], "KEFU_RETENTION_HOURS=1e3: "),
        (["KEFU_ALLOW_ANONYMOUS": "perhaps"], "KEFU_ALLOW_ANONYMOUS=perhaps: must be true or false"),
    ]

    @Test func `a wrong setting stops the start with one line that names it and hides secrets`() async throws {
        try await Site.alone {
            for entry in Self.wrong {
                let outcome = try await Child.run(try Instance.executable, ["serve"], environment: entry.settings)
                #expect(outcome.status == 78, "\(entry.settings)")
                #expect(outcome.complaints.hasPrefix("kefu: \(entry.line)"), "\(outcome.complaints)")
                #expect(outcome.complaints.count(where: \.isNewline) == 1 && outcome.output == "")
                #expect(!outcome.complaints.contains("geheim"))
            }
        }
    }

    @Test func `settings come from a file too, and the environment wins`() async throws {
        try await Site.run { site in
            let file = "\(site.redis.folder)/kefu.env"
            let lines = "# a comment\nKEFU_TIMEZONE='Europe/Berlin'\nKEFU_CONCURRENCY=none\nKEFU_CONCURENCY=3\n"
            try lines.write(toFile: file, atomically: true, encoding: .utf8)
            let wrong = try await Child.run(try Instance.executable, ["serve", "--config", file])
            #expect(wrong.status == 78 && wrong.complaints.contains("did you mean KEFU_CONCURRENCY?"))
            #expect(wrong.complaints.contains("kefu: KEFU_CONCURRENCY=none: "))
            let missing = try await Child.run(try Instance.executable, ["serve", "--config", "/nowhere"])
            #expect(missing.status == 78 && missing.complaints == "kefu: --config /nowhere: cannot be read\n")

            let settings = ["REDIS_URL": "unix://\(site.redis.folder)/s", "KEFU_CONCURRENCY": "1"]
            let kefu = try await Instance.start(settings, arguments: ["--config", file])
            do {
                try await kefu.accept(Tasks.message("T1"))
                let created = try await kefu.status("T1")["created_at"].string ?? ""
                #expect(created.hasSuffix("+01:00") || created.hasSuffix("+02:00"))
            } catch {
                try await kefu.child.dispose()
                throw error
            }
            try await kefu.child.dispose()
        }
    }

    @Test func `a port in use stops the start with one line`() async throws {
        try await Site.run([:]) { site, kefu in
            let settings = ["REDIS_URL": "unix://\(site.redis.folder)/s", "HTTP_API_PORT": "\(kefu.port)"]
            let outcome = try await Child.run(try Instance.executable, ["serve"], environment: settings)
            #expect(outcome.status == 2)
            let complaint = outcome.complaints.split(separator: "\n").filter { $0.hasPrefix("kefu: ") }
            #expect(complaint.count == 1 && complaint[0].contains("cannot listen on 127.0.0.1:\(kefu.port)"))
            #expect(try await kefu.get("/api/health").status == 200)
        }
    }
}
