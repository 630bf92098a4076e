import KefuCore
import KefuServer
import TestSupport
import Testing

/// The API description against the table of routes; `EndToEndTests/DescriptionTests` compares it with what a server
/// does.
@Suite struct DescriptionFileTests {
    private static func read(_ check: @Sendable (JSON, [Route]) throws -> Void) async throws {
        try await TestServer.run { server in
            let answer = try await server.exchange("GET", "/api/openapi.json")
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            try check(try JSON(answer.body), server.routes)
        }
    }

    @Test func `Every route stands in the description with its role, and no other`() async throws {
        try await Self.read { description, all in
            let routes = all.map { route in
                "\(route.method.rawValue) \(route.path.replacing(#/:(\w+)/#) { "{\($0.1)}" }) \(route.permission)"
            }
            let described = description["paths"].members.flatMap { path, methods in
                methods.members.map { method, operation in
                    "\(method.uppercased()) \(path) \(operation["x-role"].string ?? "?")"
                }
            }
            #expect(routes.count > 20)
            #expect(described.sorted() == routes.sorted())
        }
    }

    @Test func `Every operation says what it needs, and every status it may answer`() async throws {
        try await Self.read { description, _ in
            var ids: Set<String> = []
            for (path, methods) in description["paths"].members {
                for (method, operation) in methods.members {
                    let name = "\(method) \(path)"
                    #expect(ids.insert(operation["operationId"].string ?? "").inserted, "\(name)")
                    #expect(operation["summary"].string?.contains(" · ") == true, "\(name): Chinese and English")
                    #expect(operation["description"].string?.contains("\n\n") == true, "\(name): Chinese and English")
                    let isOpen = operation["x-role"] == "open"
                    #expect(operation["security"] == (isOpen ? .array([]) : [["token": []], [:]]), "\(name)")
                    let statuses = Set(operation["responses"].members.keys)
                    // What becomes a WebSocket never answers 200.
                    let success = path.hasSuffix("/ws") ? "101" : "200"
                    #expect(
                        statuses.isSuperset(of: [success, "400", "408", "413", "414", "415", "429", "431"]), "\(name)")
                    #expect(statuses.contains("401") != isOpen, "\(name)")
                    #expect(statuses.contains("403") == !(isOpen || operation["x-role"] == "any"), "\(name)")
                    #expect((operation["requestBody"] != .null) == (method == "post"), "\(name)")
                    for parameter in path.matches(of: #/\{(\w+)\}/#) {
                        #expect(operation["parameters"].elements.contains { $0["name"].string == String(parameter.1) })
                    }
                }
            }
        }
    }

    @Test func `The limits in the description are those of the code`() async throws {
        try await Self.read { description, _ in
            let schemas = description["components"]["schemas"]
            let message = schemas["Action"]["oneOf"][0]["properties"]["message"]
            #expect(message["maxLength"].int == InputLimits.messageCharacters)
            #expect(schemas["Id"]["maxLength"].int == InputLimits.idBytes)
            #expect(schemas["Label"]["maxLength"].int == InputLimits.labelBytes)
            #expect(schemas["Keyword"]["maxLength"].int == InputLimits.keywordCharacters)
            #expect(schemas["Url"]["maxLength"].int == InputLimits.urlBytes)
            #expect(schemas["Where"]["maxProperties"].int == InputLimits.conditions)
            #expect(schemas["Operators"]["properties"]["in"]["maxItems"].int == InputLimits.choices)
            let reply = schemas["ReplyTrigger"]["properties"]
            #expect(reply["keywords"]["maxItems"].int == InputLimits.keywords)
            #expect(reply["exclude"]["maxItems"].int == InputLimits.keywords)
            let task = schemas["Task"]["oneOf"][1]["properties"]
            #expect(task["triggers"]["maxItems"].int == InputLimits.triggers.upperBound)
            #expect(task["timeout_hours"]["maximum"].int == Int(InputLimits.longestTimeoutHours))
            #expect(task["max_retry"]["maximum"].int == InputLimits.retries.upperBound)
            #expect(task["created_by"]["maxLength"].int == InputLimits.nameCharacters)
            #expect(schemas["TaskCommand"]["properties"]["reason"]["maxLength"].int == InputLimits.reasonCharacters)
            #expect(schemas["Event"]["oneOf"][0]["properties"]["text"]["maxLength"].int == InputLimits.textBytes)
            let kinds = schemas["ErrorDetail"]["properties"]["type"]["enum"].elements.compactMap(\.string)
            #expect(kinds.sorted() == APIError.Kind.allCases.map(\.rawValue).sorted())
        }
    }
}
