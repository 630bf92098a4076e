import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DoctorTests {
    @Test func `doctor finds nothing wrong with a healthy site`() async throws {
        try await Site.run(redis: ["--appendonly", "yes"]) { site in
            let kefu = try await site.start()
            var settings = Self.settings(of: site)
            settings["KEFU_API_TOKENS"] = "ops:admin:admin-0123456789"
            let outcome = try await kefu.kefu("doctor", settings: settings)
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(outcome.output.split(separator: "\n").allSatisfy { $0.hasPrefix("ok ") })
            let json = try JSON(try await kefu.kefu("doctor", "--json", settings: settings).output)
            #expect(json["healthy"] == true)
            let names = json["checks"].elements.compactMap { $0["name"].string }
            #expect(
                names == [
                    "settings", "tokens", "redis", "redis version", "redis role", "redis persistence", "redis memory",
                    "clocks",
                    "redis scripts", "gateway", "callback", "instance",
                ])
            // It looks and does nothing.
            #expect(site.gateway.requests.allSatisfy { $0.method == "GET" && $0.body.isEmpty })
            #expect(try await kefu.get("/api/task/stats").data["total"] == 0)
        }
    }

    @Test func `doctor names what is wrong and what to do about it`() async throws {
        try await Site.run { site in
            let kefu = try await site.start()
            for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("maxmemory", "100mb")] {
                _ = try await site.redis.answer("CONFIG", "SET", name, value)
            }
            await site.receiver.stop()
            var settings = Self.settings(of: site)
            settings["KEFU_CONCURENCY"] = "7"
            let outcome = try await kefu.kefu("doctor", settings: settings)
            #expect(outcome.status == 1)
            for line in [
                "fail  redis memory       maxmemory 104857600, allkeys-lru", "CONFIG SET maxmemory-policy noeviction",
                "warn  redis persistence  appendonly no", "CONFIG SET appendonly yes", "fail  callback ",
                "warn  settings           unknown setting KEFU_CONCURENCY", "did you mean KEFU_CONCURRENCY?",
                "ok    gateway ", "ok    instance ", "warn  tokens             none: whoever reaches the port",
            ] {
                #expect(outcome.output.contains(line), "\(outcome.output)")
            }

            try await site.redis.kill()
            let down = try JSON(try await kefu.kefu("doctor", "--json", settings: settings).output)
            let failed = down["checks"].elements.filter { $0["state"] == "fail" }.compactMap { $0["name"].string }
            #expect(failed == ["redis", "callback", "instance"], "\(down.text)")
        }
    }

    @Test func `beside an instance that answers, a Redis of its own that does not run is another's`() async throws {
        try await Site.run { site in
            let kefu = try await site.start()
            let settings = ["KEFU_DATA_DIR": "\(site.redis.folder)/none"]
            let told = try await kefu.kefu("doctor", settings: settings)
            #expect(told.status == 0 && !told.output.contains("not running"))
            #expect(told.output.contains("so it was not looked at: the instance below uses another"), "\(told.output)")
            #expect(told.output.contains("KEFU_DATA_DIR or REDIS_URL"))
            let deep = try await kefu.kefu("doctor", "--deep", settings: settings)
            #expect(deep.status == 1 && deep.output.contains("no embedded Redis runs in \(site.redis.folder)/none"))

            let alone = try await kefu.kefu(
                "doctor", settings: settings.merging(["KEFU_URL": "http://127.0.0.1:\(Ports.free())"]) { $1 })
            #expect(alone.output.contains("redis           not running: kefu serve starts it"), "\(alone.output)")
        }
    }

    @Test func `doctor reports a wrong setting like any other fault`() async throws {
        try await Site.alone {
            let secret = "geheim-geheim-geheim"
            let outcome = try await Child.run(
                try Instance.executable, ["doctor"],
                environment: ["KEFU_API_TOKENS": "ci:boss:\(secret)", "KEFU_DATA_DIR": "/nowhere"])
            #expect(outcome.status == 1 && outcome.output.hasPrefix("fail  settings  KEFU_API_TOKENS=***: "))
            #expect(!outcome.output.contains(secret) && !outcome.complaints.contains(secret))
        }
    }

    private static func settings(of site: Site) -> [String: String] {
        [
            "REDIS_URL": "unix://\(site.redis.folder)/s", "KEFU_GATEWAY_URL": site.gateway.url,
            "TIANWANG_CALLBACK_URL": site.receiver.url,
        ]
    }
}
