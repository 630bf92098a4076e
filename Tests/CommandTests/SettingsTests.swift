import Foundation
import KefuCore
import KefuServer
import Logging
import Testing

@testable import kefu

struct SettingsTests {
    private static let key = "whsec_" + Data(repeating: 7, count: 32).base64EncodedString()

    private func settings(_ environment: [String: String], file: [String: String] = [:]) throws -> Settings {
        try Settings(SettingsSource(environment: environment, file: file))
    }

    @Test func `without any setting the defaults of the contract hold`() throws {
        let settings = try settings([:])
        #expect(settings.host == "127.0.0.1")
        #expect(settings.port == 5678)
        #expect(settings.tls == nil)
        #expect(settings.maxConnections == 10_000)
        #expect(settings.maxRequests == 1_000)
        #expect(settings.redis == nil)
        #expect(settings.minReplicas == 0)
        #expect(settings.dataDirectory == ".kefu")
        #expect(settings.tokens.isEmpty)
        #expect(settings.gatewayURL == nil)
        #expect(settings.gatewayTimeout == .seconds(10))
        #expect(settings.callbackURL == nil)
        #expect(settings.calledBack.isEmpty)
        #expect(settings.timeZone.name == "Asia/Shanghai")
        #expect(settings.concurrency == 64)
        #expect(settings.retryBase == .seconds(2))
        #expect(settings.lease == .seconds(15))
        #expect(settings.retention == .seconds(168 * 3600))
        #expect(settings.eventLog == .seconds(60))
        #expect(settings.shutdown == .seconds(20))
        #expect(settings.logLevel == .info)
        #expect(settings.logFormat == .text)
        #expect(settings.taskDatabase == nil)
    }

    @Test func `every setting is read`() throws {
        let readable = #filePath
        let settings = try settings([
            "HTTP_API_HOST": "0.0.0.0", "HTTP_API_PORT": "80", "KEFU_TLS_CERT": readable, "KEFU_TLS_KEY": readable,
            "KEFU_MAX_CONNECTIONS": "100000", "KEFU_MAX_REQUESTS": "1",
            "REDIS_URL": "redis://u:p@r:7000/3", "KEFU_MIN_REPLICAS": "2", "KEFU_DATA_DIR": "/d",
            "KEFU_API_TOKENS": "a:tasks:0123456789abcdef,b:admin:fedcba9876543210:x",
            "KEFU_GATEWAY_URL": "https://g.example/send?x=1", "KEFU_GATEWAY_SECRET": Self.key,
            "KEFU_GATEWAY_TIMEOUT_SECONDS": "2.5", "TIANWANG_CALLBACK_URL": "http://t:81/cb",
            "TIANWANG_CALLBACK_SECRET": "\(Self.key),\(Self.key)", "TIANWANG_CALLBACK_STATUSES": "running, waiting",
            "KEFU_TIMEZONE": "Europe/Berlin", "KEFU_CONCURRENCY": "10000", "KEFU_RETRY_BASE_SECONDS": "0.05",
            "KEFU_LEASE_SECONDS": "3600", "KEFU_RETENTION_HOURS": "0.5", "KEFU_EVENT_LOG_SECONDS": "0",
            "KEFU_SHUTDOWN_SECONDS": "0", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json", "TASK_DB_PATH": "db/tasks.db",
        ])
        #expect(settings.host == "0.0.0.0")
        #expect(settings.port == 80)
        #expect(settings.tls?.certificate == readable)
        #expect(settings.maxConnections == 100_000 && settings.maxRequests == 1)
        #expect(settings.redis?.description == "redis://u:***@r:7000/3")
        #expect(settings.minReplicas == 2)
        #expect(settings.dataDirectory == "/d")
        #expect(settings.tokens.map(\.name) == ["a", "b"])
        #expect(settings.tokens.map(\.role) == [.tasks, .admin])
        #expect(settings.tokens.map(\.secret) == ["0123456789abcdef", "fedcba9876543210:x"])
        #expect(settings.gatewayURL == "https://g.example/send?x=1")
        #expect(settings.gatewaySecret != nil)
        #expect(settings.gatewayTimeout == .milliseconds(2500))
        #expect(settings.callbackURL == "http://t:81/cb")
        #expect(settings.callbackSecret != nil)
        #expect(settings.calledBack == [.waiting, .running, .completed, .failed, .cancelled])
        #expect(settings.timeZone.name == "Europe/Berlin")
        #expect(settings.concurrency == 10_000)
        #expect(settings.retryBase == .milliseconds(50))
        #expect(settings.lease == .seconds(3600))
        #expect(settings.retention == .seconds(1800))
        #expect(settings.eventLog == .zero)
        #expect(settings.shutdown == .zero)
        #expect(settings.logLevel == .debug)
        #expect(settings.logFormat == .json)
        #expect(settings.taskDatabase == "db/tasks.db")
    }

    static let wrong: [(name: SettingName, values: [String])] = [
        (.host, ["0.0.0.0", "::", "example.com", "127.0.0", "127.0.0.1.example.com", "127.0.0.256"]),
        (.port, ["0", "65536", "70000", "-1", "+80", "80.0", "0x50", "http", "８０"]),
        (.tlsCertificate, ["/no/such/file"]),
        (.tlsKey, ["/no/such/file"]),
        (.redisURL, ["ftp://r", "localhost:6379", "redis://", "redis://r:0", "redis://r/x"]),
        (.redisCA, ["/no/such/file"]),
        // The last needs a Redis that somebody runs.
        (.minReplicas, ["-1", "101", "one", "1"]),
        (
            .apiTokens,
            [
                "secret", "a:tasks", "a:tasks:short", "a:root:0123456789abcdef", ":tasks:0123456789abcdef",
                "a:tasks:0123456789abcdef,", "a:tasks:0123456789abcdef,a:read:0123456789abcdeg",
                "a:tasks:0123456789abcdef,b:read:0123456789abcdef", "a:tasks:0123456789 abcdef",
            ]
        ),
        (.apiTokensFile, ["/no/such/file"]),
        (.allowAnonymous, ["maybe"]),
        (.gatewayURL, ["example.com", "ftp://g", "http://", "http://u:p@g/", "http://g:70000/", "http://g/ x", "//g"]),
        (.gatewaySecret, ["0123456789abcdef", "whsec_", "whsec_c2hvcnQ="]),
        (.gatewayTimeout, ["0", "3601", "-1", "1e3", "nan", "inf", "0x1", "1,5", ".5"]),
        (.callbackURL, ["file:///etc/passwd", "http://u@t/"]),
        (.callbackSecret, ["whsec_####"]),
        (.callbackStatuses, ["done", "pending", "waiting;running"]),
        (.timeZone, ["Mars/Olympus", "CST6", "+08:00", "shanghai"]),
        (.concurrency, ["0", "10001", "1.5"]),
        (.retryBase, ["0.04", "3601"]),
        (.lease, ["0.9", "3601"]),
        (.retention, ["0", "87601"]),
        (.eventLog, ["3601", "-1"]),
        (.shutdown, ["3601", "soon"]),
        (.logLevel, ["loud"]),
        (.logFormat, ["xml"]),
    ]

    @Test(arguments: wrong.flatMap { row in row.values.map { (row.name, $0) } })
    func `a wrong value is refused in one line that names it`(name: SettingName, value: String) throws {
        let error = try #require(throws: SettingError.self) { try settings([name.rawValue: value]) }
        #expect(error.name == name)
        let line = error.description
        #expect(line.hasPrefix("\(name.rawValue)="))
        #expect(line.contains(name.isSecret ? "***" : value.trimmingCharacters(in: .whitespaces).prefix(4)))
        #expect(!line.contains("\n"))
        #expect(!error.allowed.isEmpty)
    }

    @Test(arguments: [
        (SettingName.apiTokens, "a:tasks:CANARY"), (.gatewaySecret, "whsec_CANARY"), (.callbackSecret, "CANARY"),
        (.redisURL, "redis://user:CANARY@host:0/"), (.redisURL, "redis://CANARY/x@host"),
        (.redisURL, "redis+sentinel://h/m?sentinel_password=CANARY&x=y"), (.redisURL, "redis://u:p@a?CANARY@h"),
        (.redisURL, "redis+sentinel://u:CANARY@h/m?sentinel_pasword=CANARY"),
        (.gatewayURL, "http://user:CANARY@host/"), (.callbackURL, "user:CANARY@host"),
    ])
    func `no error shows a secret`(name: SettingName, value: String) throws {
        let error = try #require(throws: SettingError.self) { try settings([name.rawValue: value]) }
        #expect(!error.description.contains("CANARY"))
    }

    @Test(arguments: [
        ("http://u:geheim@h/", "http://***@h/"), ("https://h/send?key=geheim", "https://h/send?***"),
        ("https://u:geheim@h/?a=geheim@x", "https://***"), ("redis://h/0?password=geheim", "redis://h/0?***"),
        ("user:geheim@h", "***"), ("ftp://host", "ftp://host"),
    ])
    func `a shown URL hides who asks and what the query says`(value: String, shown: String) {
        #expect(SettingName.gatewayURL.shown(value) == shown)
    }

    @Test func `a shown value cannot break the line`() throws {
        let error = try #require(throws: SettingError.self) { try settings(["LOG_LEVEL": "a\nb\u{1B}[2J\u{202E}"]) }
        #expect(error.description.hasPrefix(#"LOG_LEVEL=a\u000ab\u001b[2J\u202e: "#))
    }

    @Test func `an empty value is an unset one`() throws {
        let environment = Dictionary(uniqueKeysWithValues: SettingName.allCases.map { ($0.rawValue, "") })
        #expect(try settings(environment).port == 5678)
        #expect(try settings(["HTTP_API_PORT": ""], file: ["HTTP_API_PORT": "81"]).port == 81)
    }

    @Test func `the environment wins over the file`() throws {
        let file = ["HTTP_API_PORT": "81", "KEFU_CONCURRENCY": "5"]
        let settings = try settings(["HTTP_API_PORT": "82"], file: file)
        #expect(settings.port == 82)
        #expect(settings.concurrency == 5)
    }

    @Test func `without tokens only loopback addresses or an explicit permission let the start go on`() throws {
        for host in ["127.0.0.1", "127.9.9.9", "::1", "localhost"] {
            #expect(try settings(["HTTP_API_HOST": host]).host == host)
        }
        #expect(try settings(["HTTP_API_HOST": "0.0.0.0", "KEFU_ALLOW_ANONYMOUS": "true"]).host == "0.0.0.0")
        #expect(throws: SettingError.self) {
            try settings(["HTTP_API_HOST": "0.0.0.0", "KEFU_ALLOW_ANONYMOUS": "false"])
        }
        #expect(try settings(["KEFU_API_TOKENS": "a:tasks:0123456789abcdef"]).host == "0.0.0.0")
    }

    @Test func `a certificate without its key is refused, and the other way round`() throws {
        let first = try #require(throws: SettingError.self) { try settings(["KEFU_TLS_CERT": #filePath]) }
        #expect(first.name == .tlsKey)
        let second = try #require(throws: SettingError.self) { try settings(["KEFU_TLS_KEY": #filePath]) }
        #expect(second.name == .tlsCertificate)
    }

    @Test func `callback statuses count only with a callback URL`() throws {
        #expect(try settings(["TIANWANG_CALLBACK_STATUSES": "running"]).calledBack.isEmpty)
        let settings = try settings(["TIANWANG_CALLBACK_URL": "http://t/"])
        #expect(settings.calledBack == [.completed, .failed, .cancelled])
    }

    @Test func `tokens are read from a file, one a line`() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "tokens-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "# people\na:tasks:0123456789abcdef\n\n b:read:fedcba9876543210 \n".write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(try settings(["KEFU_API_TOKENS_FILE": path]).tokens.map(\.name) == ["a", "b"])
        try "a:tasks:0123456789abcdef\nb:tasks:CANARY\n".write(toFile: path, atomically: true, encoding: .utf8)
        let error = try #require(throws: SettingError.self) { try settings(["KEFU_API_TOKENS_FILE": path]) }
        #expect(error.description.contains("line 2"))
        #expect(!error.description.contains("CANARY"))
    }
}
