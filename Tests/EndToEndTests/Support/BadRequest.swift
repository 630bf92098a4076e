import TestSupport
import Testing

/// One request that must be refused, and how.
struct BadRequest: Sendable, CustomStringConvertible {
    var name: String
    var bytes: [UInt8]
    var status: Int
    var type: String
    /// nil: whatever field.
    var field: String?
    /// Whether the connection is of no use afterwards.
    var closes = false

    var description: String { "\(name) → \(status) \(type)" }

    /// A body for one of the paths that read one.
    init(
        _ name: String, _ path: String = "/api/task/receive", body: [UInt8], status: Int = 400,
        type: String = "validation", field: String? = nil
    ) {
        self.name = "\(path) \(name)"
        self.bytes = Wire.request("POST", path, headers: ["Content-Type: application/json"], body: body)
        self.status = status
        self.type = type
        self.field = field
    }

    /// A text as body that is not JSON.
    static func notJSON(_ name: String, _ body: String) -> BadRequest {
        BadRequest(name, body: Array(body.utf8), type: "invalid_json")
    }

    /// A task with other members than a good one.
    static func task(_ field: String, _ changes: [String: JSON?]) -> BadRequest {
        var task = Tasks.message("bad").members
        for (name, value) in changes { task[name] = value }
        let body = JSON.object(task).text
        return BadRequest(String("\(field) \(body)".prefix(300)), body: Array(body.utf8), field: field)
    }

    static func trigger(_ field: String, _ trigger: JSON) -> BadRequest {
        task("trigger.\(field)", ["trigger": trigger])
    }

    static func action(_ field: String, _ action: JSON) -> BadRequest { task("action.\(field)", ["action": action]) }

    static func event(_ field: String, _ event: JSON) -> BadRequest {
        BadRequest(
            String("\(field) \(event.text)".prefix(300)), "/api/event", body: Array(event.text.utf8), field: field)
    }

    /// The bytes as they stand on the wire.
    init(wire name: String, _ text: String, status: Int, type: String, closes: Bool) {
        self.init(wire: name, bytes: Array(text.utf8), status: status, type: type, closes: closes)
    }

    init(wire name: String, bytes: [UInt8], status: Int, type: String, closes: Bool) {
        self.name = name
        self.bytes = bytes
        self.status = status
        self.type = type
        self.closes = closes
    }

    /// Sends it, and where the connection must stay usable another request behind it.
    func expectRefused(by kefu: Instance) async throws {
        let next = Wire.request("GET", "/api/health/live")
        let exchange = try await Wire.exchange(
            port: kefu.port, bytes + (closes ? [] : next), answers: closes ? nil : 2)
        guard let answer = exchange.answers.first else {
            Issue.record("\(self): no answer")
            return
        }
        #expect(answer.status == status && answer.errorType == type, "\(self): \(answer.status) \(answer.body)")
        if let field { #expect(answer.errorField == field, "\(self): \(answer.body)") }
        #expect(answer.json["code"].int == status && answer.json["message"].string != nil, "\(self): \(answer.body)")
        #expect(answer.json["error"]["detail"].string?.isEmpty == false, "\(self): \(answer.body)")
        #expect(answer["x-request-id"] != nil)
        if closes {
            #expect(exchange.isClosed && exchange.answers.count == 1, "\(self)")
        } else {
            #expect(exchange.answers.last?.json["message"] == "服务存活", "\(self): not usable afterwards")
        }
    }
}

extension Instance {
    /// Runs `body`, which must change nothing that is stored, and looks at every key before and after.
    func expectUnchanged(_ redis: PrivateRedis, _ body: () async throws -> Void) async throws {
        let before = try await Self.image(redis)
        try await body()
        let after = try await Self.image(redis)
        for key in Set(before.keys).union(after.keys) {
            #expect(before[key] == after[key], "\(key) has changed")
        }
        #expect(before.count > 5)
        #expect(child.isRunning)
        #expect(try await get("/api/health").status == 200)
    }

    /// Everything but what an instance writes by itself while it lives.
    private static func image(_ redis: PrivateRedis) async throws -> [String: KeyImage] {
        try await redis.image("").filter { key, _ in
            !["kefu:{0}:instance", "kefu:{0}:minute:"].contains { key.hasPrefix($0) }
        }
    }
}
