import KefuServer
import Testing

/// The pages and what they are made of.
@Suite struct PageTests {
    private static let pages = [
        "/", "/assets/base.css", "/assets/main.js", "/api/docs", "/assets/docs.css", "/assets/docs.js",
    ]

    @Test(
        arguments: zip(
            pages,
            [
                "text/html", "text/css", "text/javascript", "text/html", "text/css", "text/javascript",
            ]))
    func `A page comes with its type and the strictest rules`(target: String, type: String) async throws {
        try await TestServer.run(tokens: [AccessToken(name: "a", role: .admin, secret: "0123456789abcdef")]) { server in
            let answer = try await server.exchange("GET", target)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "\(type); charset=utf-8")
            #expect(answer["cache-control"] == "no-cache")
            #expect(answer["x-content-type-options"] == "nosniff")
            #expect(answer["referrer-policy"] == "no-referrer")
            #expect(
                answer["content-security-policy"]
                    == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                    + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
            #expect(answer["content-length"] == "\(answer.body.utf8.count)")
            #expect(!answer.body.isEmpty)
            #expect(answer["x-request-id"] != nil)
        }
    }

    @Test(arguments: pages)
    func `What has not changed is not sent again`(target: String) async throws {
        try await TestServer.run { server in
            let client = try await server.connect()
            let first = try await client.exchange("GET", target)
            let tag = try #require(first["etag"])
            for known in [tag, "W/\(tag)", "*", "\"x\", \(tag)", "\"x\" , W/\(tag) "] {
                let again = try await client.exchange("GET", target, headers: ["If-None-Match: \(known)"])
                #expect(again.status == 304, "\(known)")
                #expect(again["etag"] == tag)
                #expect(again["content-length"] == nil && again["content-type"] == nil && again.body == "")
            }
            for other in ["\"x\"", tag + "x", String(tag.dropLast()), "\"\""] {
                let answer = try await client.exchange("GET", target, headers: ["If-None-Match: \(other)"])
                #expect(answer.status == 200, "\(other)")
                #expect(answer.body == first.body)
            }
            let split = ["If-None-Match: \"x\"", "If-None-Match: \(tag)"]
            #expect(try await client.exchange("GET", target, headers: split).status == 304)
            let head = try await client.exchange("HEAD", target)
            #expect(head.status == 200)
            #expect(head["content-length"] == "\(first.body.utf8.count)")
        }
    }

    @Test func `Contents that differ have tags that differ`() async throws {
        try await TestServer.run { server in
            var tags: Set<String> = []
            for page in Self.pages { tags.insert(try #require(try await server.exchange("GET", page)["etag"])) }
            #expect(tags.count == Self.pages.count)
        }
    }

    @Test(arguments: Role.allCases)
    func `Whoever asks is told what the token may do`(role: Role) async throws {
        let token = AccessToken(name: "天网", role: role, secret: "secret-of-somebody-1")
        try await TestServer.run(tokens: [token]) { server in
            let answer = try await server.exchange(
                "GET", "/api/access", headers: ["Authorization: Bearer secret-of-somebody-1"])
            #expect(answer.status == 200)
            let access = answer.json["data"]
            #expect(access["name"].string == "天网")
            #expect(access["role"].string == role.rawValue)
            #expect(access["anonymous"].bool == false)
            let may: [Role: Set<String>] = [
                .tasks: ["tasks", "read"], .events: ["events"], .read: ["read"],
                .admin: ["tasks", "events", "read", "admin"],
            ]
            for word in ["tasks", "events", "read", "admin"] {
                #expect(access["may"][word].bool == may[role]?.contains(word), "\(word)")
            }
            #expect(try await server.exchange("GET", "/api/access").status == 401)
        }
    }

    @Test func `Without tokens everybody may do everything`() async throws {
        try await TestServer.run { server in
            let access = try await server.exchange("GET", "/api/access").json["data"]
            #expect(access["name"].isNull)
            #expect(access["role"].string == "admin")
            #expect(access["anonymous"].bool == true)
            for word in ["tasks", "events", "read", "admin"] { #expect(access["may"][word].bool == true) }
        }
    }
}
