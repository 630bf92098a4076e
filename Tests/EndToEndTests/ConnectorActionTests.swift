import Foundation
import TestSupport
import Testing

/// Actions over the connection to the platform.
@Suite(.timeLimit(.minutes(2)))
struct ConnectorActionTests {
    private static func settings(_ platform: Platform) -> [String: String] {
        [
            "KEFU_CONNECTOR_URL": platform.url, "KEFU_GATEWAY_URL": "connector:", "KEFU_CONNECTOR_LEASE_SECONDS": "1",
            "KEFU_LEASE_SECONDS": "1", "KEFU_GATEWAY_TIMEOUT_SECONDS": "1",
        ]
    }

    private static func actions(_ platform: Platform) -> [JSON] {
        platform.log.filter { $0["what"] == "action" }.map { $0["frame"] }
    }

    @Test func `an action is a frame with an id, and its answer is the task's result`() async throws {
        try await Platform.run { platform in
            try await Site.run(Self.settings(platform)) { site, instance in
                try await platform.opened(1)
                try await instance.accept(Tasks.message("T:1"))
                #expect(try await instance.report(Tasks.said("好的")) == ["T:1"])
                let task = try await instance.status("T:1", is: "completed")
                #expect(task["result"] == ["key": "T%3A1:1"])
                let frame = try #require(Self.actions(platform).first)
                #expect(frame["task_id"] == "T:1" && frame["attempt"] == 1 && frame["generation"] == 1)
                #expect(frame["action"]["message"] == "message of T:1")
                #expect(frame["trigger_event"]["text"] == "好的")
                #expect(site.gateway.requests.isEmpty)
            }
        }
    }

    @Test func `a refusal is retried, and an answer that does not come is repeated under the same key`() async throws {
        try await Platform.run { platform in
            try await Site.run(Self.settings(platform)) { _, instance in
                try await platform.opened(1)
                try await platform.do("fail", ["times": 1])
                try await instance.accept(Tasks.message("T1"))
                _ = try await instance.report(Tasks.said("好的"))
                let task = try await instance.status("T1", is: "completed")
                #expect(task["attempts"] == 2)
                #expect(task["failed_attempts"][0]["http_status"] == 503)

                try await platform.do("silent", ["on": true])
                try await instance.accept(Tasks.message("T2"))
                _ = try await instance.report(Tasks.said("好的"))
                try await platform.tells("a second attempt") {
                    $0["frame"]["task_id"] == "T2" && $0["frame"]["attempt"] == 2
                }
                try await platform.do("silent", ["on": false])
                try await instance.status("T2", is: "completed")
                let frames = Self.actions(platform).filter { $0["task_id"] == "T2" }
                #expect(Set(frames.map { $0["idempotency_key"] }) == ["T2:1"])
                #expect(Set(frames.map { $0["id"] }).count == frames.count)
            }
        }
    }

    @Test func `whoever is told of the event, the frame leaves on the one connection`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                let instances = [
                    try await site.start(Self.settings(platform)), try await site.start(Self.settings(platform)),
                ]
                try await platform.opened(1)
                for (number, instance) in instances.enumerated() {
                    try await instance.accept(Tasks.message("T\(number)", customer: "c\(number)"))
                    #expect(try await instance.report(Tasks.said("好的", by: "c\(number)")) == ["T\(number)"])
                    try await instance.status("T\(number)", is: "completed")
                }
                #expect(Self.actions(platform).map { $0["attempt"] } == [1, 1])
                #expect(try await platform.do("look")["open"] == 1)
            }
        }
    }

    @Test func `without a connection tasks wait, and use up no retries`() async throws {
        try await Platform.run { platform in
            let nowhere = ["KEFU_CONNECTOR_URL": "ws://127.0.0.1:\(Ports.free())/"]
            try await Site.run { site in
                let lost = try await site.start(Self.settings(platform).merging(nowhere) { $1 })
                try await lost.accept(Tasks.message("T1"))
                #expect(try await lost.report(Tasks.said("好的")) == ["T1"])
                try await eventually("it has tried") { lost.child.complaints.contains("无法连接平台") }
                let task = try await lost.status("T1")
                #expect(task["status"] == "waiting" && task["attempts"] == 0 && task["triggered_at"] != .null)
                try await lost.child.kill9()
                let found = try await site.start(Self.settings(platform))
                try await found.status("T1", is: "completed")
                #expect(Self.actions(platform).map { $0["attempt"] } == [1])
            }
        }
    }

    @Test func `a killed holder's actions are repeated by the next one under their keys`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                let instances = [
                    try await site.start(Self.settings(platform)), try await site.start(Self.settings(platform)),
                ]
                try await platform.opened(1)
                try await platform.do("silent", ["on": true])
                for number in 0..<20 {
                    try await instances[0].accept(Tasks.message("T\(number)", customer: "c\(number)"))
                    _ = try await instances[1].report(Tasks.said("好的", by: "c\(number)"))
                }
                try await eventually("all are asked for") { Self.actions(platform).count >= 20 }
                let owner = try await site.redis.answer("HGET", "kefu:{0}:connector", "owner").text ?? ""
                let dead = owner.contains("-\(instances[0].child.pid)-") ? 0 : 1
                try await instances[dead].child.kill9()
                try await platform.do("silent", ["on": false])
                for number in 0..<20 { try await instances[1 - dead].status("T\(number)", is: "completed") }
                let keys = Set(Self.actions(platform).compactMap { $0["idempotency_key"].string })
                #expect(keys == Set((0..<20).map { "T\($0):1" }))
                #expect(platform.stale == [])
            }
        }
    }

    @Test func `an instance that stops waits for the answers to its actions`() async throws {
        try await Platform.run { platform in
            let settings = Self.settings(platform).merging(["KEFU_GATEWAY_TIMEOUT_SECONDS": "10"]) { $1 }
            try await Site.run { site in
                let first = try await site.start(settings)
                try await platform.opened(1)
                try await platform.do("silent", ["on": true])
                try await first.accept(Tasks.message("T1"))
                _ = try await first.report(Tasks.said("好的"))
                let asked = try await platform.tells("the action") { $0["what"] == "action" }
                first.child.signal(15)
                try await eventually("it stops") { first.child.complaints.contains("HTTP server stopped") }
                let id = asked["frame"]["id"].string ?? ""
                try await platform.do("send", ["frames": [.string(#"{"id":"\#(id)","code":200}"#)]])
                #expect(try await first.child.end() == 0)
                #expect(try await platform.closed(1)["code"] == 1001)
                let second = try await site.start(settings)
                #expect(try await second.status("T1")["status"] == "completed")
                #expect(Self.actions(platform).count == 1)
            }
        }
    }
}
