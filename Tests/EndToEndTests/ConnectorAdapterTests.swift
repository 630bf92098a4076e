import Foundation
import TestSupport
import Testing

/// Kefu connected to a platform that has words of its own, in both directions: `Peers/shop_adapter.json`.
@Suite(.timeLimit(.minutes(2)))
struct ConnectorAdapterTests {
    private static let adapter = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appending(path: "Peers/shop_adapter.json").path

    private static func settings(_ platform: Platform) -> [String: String] {
        [
            "KEFU_CONNECTOR_URL": platform.url, "KEFU_ADAPTER": adapter, "SHOP_KEY": "geheim\"-geheim",
            "KEFU_GATEWAY_URL": "connector:", "KEFU_CONNECTOR_LEASE_SECONDS": "1", "KEFU_LEASE_SECONDS": "1",
        ]
    }

    private static func chat(_ content: String, by user: JSON, _ seq: Int) -> JSON {
        ["kind": "chat", "user": user, "content": .string(content), "seq": .number(Double(seq))]
    }

    private static func frame(_ number: Int, _ items: [JSON]) -> JSON {
        ["no": .number(Double(number)), "shop": "s\"1", "items": .array(items)]
    }

    private static func sent(_ platform: Platform, to user: String) -> [JSON] {
        platform.log.filter { $0["what"] == "send" && $0["frame"]["user"].string == user }.map { $0["frame"] }
    }

    @Test func `it signs in, both heartbeats are answered, and what is no event is ignored`() async throws {
        try await Platform.run("shop_platform") { platform in
            try await Site.run(Self.settings(platform)) { _, instance in
                let login = try await platform.tells("it signs in") { $0["what"] == "login" }
                #expect(login["frame"]["key"] == "geheim\"-geheim")
                try await platform.send(["{\"cmd\": \"notice\"}", ["cmd": "beat", "seq": 18_446_744_073]])
                let alive = try await platform.tells("its heartbeat is answered") { $0["what"] == "alive" }
                #expect(alive["frame"] == ["cmd": "alive", "seq": 18_446_744_073])
                try await platform.tells("it beats, and is answered, and beats again") { beat in
                    beat["what"] == "ping" && beat != platform.log.first { $0["what"] == "ping" }
                }
                let state = try await platform.do("look")
                #expect(state["open"] == 1 && state["acknowledged"] == 0 && state["wrong"] == 0)
                #expect(!(instance.child.complaints + instance.child.output).contains("geheim"))
            }
        }
    }

    @Test func `items of a frame are events, one frame acknowledges all, and actions end as their answers say`()
        async throws
    {
        try await Platform.run("shop_platform") { platform in
            try await Site.run(Self.settings(platform)) { site, instance in
                try await platform.opened(1)
                try await platform.do("codes", ["codes": ["c1": [1001, 0], "c2": [4001]]])
                for number in 1...3 { try await instance.accept(Tasks.message("T\(number)", customer: "c\(number)")) }
                try await instance.accept(Tasks.message("T4", customer: "77", trigger: ["type": "customer_payment"]))
                let items: [JSON] = [
                    Self.chat("好的", by: "c1", 1), ["kind": "image"], Self.chat("好的", by: "c2", 2),
                    ["kind": "chat", "content": "?"], Self.chat("好的", by: "c3", 3),
                    ["kind": "pay", "user": 77, "seq": 4, "payload": ["fee": 1.5]],
                ]
                try await platform.send([Self.frame(7, items)])
                let told = try await platform.tells("it is acknowledged") { $0["what"] == "ack" }
                #expect(
                    told["frame"] == ["cmd": "ack", "no": 7, "taken": 4, "error": "[3].customer.id: is required"])

                let first = try await instance.status("T1", is: "completed")
                #expect(first["attempts"] == 2 && first["result"]["message_id"] == "T1:1")
                #expect(first["failed_attempts"][0]["error"].string?.contains("/code: 1001") == true)
                let frames = Self.sent(platform, to: "c1")
                #expect(frames.map { $0["key"] } == ["T1:1", "T1:1"] && frames[0]["req"] != frames[1]["req"])
                #expect(frames[0]["text"] == "message of T1" && frames[0]["shop"] == "s\"1")
                #expect(frames[0]["link"] == .null)
                let refused = try await instance.status("T2", is: "failed")
                #expect(refused["error_code"] == "gateway_rejected" && refused["attempts"] == 1)
                try await instance.status("T3", is: "completed")
                #expect(try await instance.status("T4", is: "completed")["trigger_event"]["data"]["fee"] == 1.5)

                // Nothing new in it: acknowledged, and nothing fires or is sent.
                try await platform.send([Self.frame(8, [items[0], items[2]])])
                _ = try await platform.isCaughtUp()
                #expect(Self.sent(platform, to: "c1").count == 2 && Self.sent(platform, to: "c2").count == 1)
                #expect(site.gateway.requests.isEmpty)
            }
        }
    }

    @Test func `frames under way when the holder is killed come again, and each task is fired once`() async throws {
        try await Platform.run("shop_platform") { platform in
            try await Site.run { site in
                let settings = Self.settings(platform)
                let first = try await site.start(settings)
                try await platform.opened(1)
                let second = try await site.start(settings)
                for number in 0..<20 { try await second.accept(Tasks.message("T\(number)", customer: "c\(number)")) }
                let frames = (0..<40).map { number in
                    Self.frame(
                        number + 1,
                        (0..<5).map { item in
                            Self.chat(item == 4 ? "好的" : "x", by: .string("c\(number % 20)"), number * 5 + item)
                        })
                }
                try await platform.send(Array(frames[..<20]))
                try await first.child.kill9()
                try await platform.send(Array(frames[20...]))
                let state = try await platform.isCaughtUp()
                #expect(state["wrong"] == 0)
                for number in 0..<20 {
                    let task = try await second.status("T\(number)", is: "completed")
                    #expect(task["generation"] == 1)
                    // Asked for once, or again under the same key by who came after the dead one.
                    let keys = Set(Self.sent(platform, to: "c\(number)").map { $0["key"] })
                    #expect(keys == [.string("T\(number):1")])
                }
                #expect(platform.stale == [])
            }
        }
    }
}
