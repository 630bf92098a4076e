import KefuCore
import KefuServer
import Testing

@Suite struct AccessTests {
    private static let tokens = Role.allCases.map {
        AccessToken(name: "\($0.rawValue)-token", role: $0, secret: "secret-of-\($0.rawValue)-0123456789")
    }

    private static func bearer(_ role: Role) -> String { "Authorization: Bearer secret-of-\(role.rawValue)-0123456789" }

    /// The table of roles, by path; nil for everyone.
    private static let allowed: [(target: String, roles: Set<Role>?)] = [
        ("/api/task/receive", [.tasks, .admin]), ("/api/task/receive/batch", [.tasks, .admin]),
        ("/api/task/cancel", [.tasks, .admin]), ("/api/task/retry", [.tasks, .admin]),
        ("/api/task/update", [.tasks, .admin]), ("/api/task/history", [.tasks, .read, .admin]),
        ("/api/task/fire", [.admin]), ("/api/task/status/TASK_1", [.tasks, .read, .admin]),
        ("/api/task/list", [.tasks, .read, .admin]), ("/api/task/stats", [.tasks, .read, .admin]),
        ("/api/event", [.events, .admin]), ("/api/event/batch", [.events, .admin]),
        ("/api/callbacks", [.tasks, .read, .admin]), ("/api/callbacks/replay", [.admin]),
        ("/metrics", [.tasks, .read, .admin]), ("/api/access", Set(Role.allCases)), ("/api/health", nil),
        ("/api/health/live", nil),
    ]

    @Test(arguments: Role.allCases)
    func `A role may do what the table says`(role: Role) async throws {
        try await TestServer.run(tokens: Self.tokens) { server in
            let client = try await server.connect()
            for request in Bodies.requests {
                let roles = try #require(Self.allowed.first { $0.target == request.target }).roles
                let answer = try await client.exchange(
                    request.method, request.target, headers: [Self.bearer(role)], body: request.body)
                let mayCall = roles?.contains(role) ?? true
                #expect((answer.status != 403) == mayCall, "\(role) \(request.target)")
                if !mayCall { #expect(answer.errorType == "forbidden") }
            }
        }
    }

    @Test(arguments: [
        [], ["Authorization: Bearer wrong-wrong-wrong-wrong"], ["Authorization: Bearer secret-of-tasks-012345678"],
        ["Authorization: Basic secret-of-tasks-0123456789"], ["Authorization: Bearer"], ["Authorization: Bearer "],
        ["Authorization: secret-of-tasks-0123456789"], ["Authorization: Bearersecret-of-tasks-0123456789"],
        [bearer(.tasks), bearer(.tasks)], [bearer(.tasks), "authorization: Bearer x"],
        ["Authorization: Bearer secret-of-tasks-0123456789, x"],
    ])
    func withoutAValidTokenNothingIsAllowed(headers: [String]) async throws {
        try await TestServer.run(tokens: Self.tokens) { server in
            let client = try await server.connect()
            for request in Bodies.requests where !request.target.contains("health") {
                let answer = try await client.exchange(
                    request.method, request.target, headers: headers, body: request.body)
                #expect(answer.status == 401, "\(request.target)")
                #expect(answer.errorType == "unauthorized")
                #expect(answer["www-authenticate"] == "Bearer")
            }
            let inQuery = try await client.exchange("GET", "/api/task/stats?token=secret-of-tasks-0123456789")
            #expect(inQuery.status == 401)
            #expect(try await client.exchange("GET", "/api/health/live", headers: headers).status == 200)
            #expect(server.store.calls.isEmpty)
        }
    }

    /// What is compared are digests, in constant time (`Digest.==` of swift-crypto); here: that nothing else is equal.
    @Test func `Only the whole token is the token`() {
        let secret = Array("secret-of-admin-0123456789".utf8)
        let access = AccessControl(tokens: Self.tokens)
        func verdict(_ bytes: [UInt8]) -> AccessControl.Verdict {
            access.check(authorization: "Bearer " + String(decoding: bytes, as: UTF8.self), fields: 1, for: .admin)
        }
        #expect(verdict(secret) == .allowed(caller: Caller(name: "admin-token", role: .admin)))
        for index in secret.indices {
            #expect(verdict(Array(secret[..<index])) == (index == 0 ? .unauthorized : .unknown))
            #expect(verdict(secret + secret[...index]) == .unknown)
            for bit in 0..<7 {
                var wrong = secret
                wrong[index] ^= 1 << UInt8(bit)
                #expect(verdict(wrong) == .unknown)
            }
        }
    }

    @Test func `The scheme is read in any case`() async throws {
        try await TestServer.run(tokens: Self.tokens, store: { $0.stats = .success(StoreStats()) }) { server in
            let header = "authorization: bEARER  secret-of-read-0123456789"
            let answer = try await server.exchange("GET", "/api/task/stats", headers: [header])
            #expect(answer.status == 200)
        }
    }

    @Test func `A refusal comes before the body`() async throws {
        try await TestServer.run(tokens: Self.tokens) { server in
            let client = try await server.connect()
            try await client.send("POST /api/task/receive HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 401)
            #expect(answer.closes)
        }
    }

    @Test func `No token ever appears in the log`() async throws {
        try await TestServer.run(tokens: Self.tokens, logLevel: .trace) { server in
            _ = try await server.exchange("GET", "/api/task/stats", headers: [Self.bearer(.read)])
            _ = try await server.exchange("GET", "/api/task/stats", headers: ["Authorization: Bearer canary-canary-1"])
            #expect(server.log.events.contains { $0.contains("caller=read-token") })
            #expect(!server.log.events.contains { $0.contains("secret-of") || $0.contains("canary") })
        }
        #expect(!"\(Self.tokens)".contains("secret-of"))
    }
}
