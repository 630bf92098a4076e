import Foundation
import TestSupport
import Testing

/// Kefu connected to a platform: what is read, acknowledged, answered, and what ends a connection.
@Suite(.timeLimit(.minutes(2)))
struct ConnectorTests {
    private static func event(_ number: Int, by customer: String = "c1", text: String = "x") -> JSON {
        Tasks.said(text, by: customer, ["event_id": .string("e\(number)")])
    }

    @Test func `every frame is an event, acknowledged by its id, and fires what waits for it`() async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { site, instance in
                let opened = try await platform.opened(1)
                #expect(opened["path"] == "/kefu?token=s3cret")
                try await instance.accept(Tasks.message("T1"))
                try await platform.send([Self.event(1), Self.event(2, text: "好的"), Self.event(3)])
                let state = try await platform.isCaughtUp()
                #expect(state["acknowledged"] == 3)
                try await instance.status("T1", is: "completed")
                #expect(try await site.gateway.requests(atLeast: 1).map { $0.json["task_id"] } == ["T1"])
                // The secret in the URL is nowhere to be seen.
                #expect(!instance.child.complaints.contains("s3cret"))
                #expect(!instance.child.output.contains("s3cret"))
            }
        }
    }

    @Test func `it signs in by headers, a first frame and a subprotocol`() async throws {
        try await Platform.run { platform in
            let settings = [
                "KEFU_CONNECTOR_URL": platform.url, "KEFU_CONNECTOR_PROTOCOL": "kefu.v1",
                "KEFU_CONNECTOR_HEADERS": "Authorization: Bearer abc123secret | X-Shop: 7",
                "KEFU_CONNECTOR_HELLO": #"{"hello":"word"}"#,
            ]
            try await Site.run(settings) { _, instance in
                let opened = try await platform.opened(1)
                #expect(opened["headers"]["authorization"] == "Bearer abc123secret")
                #expect(opened["headers"]["x-shop"] == "7")
                #expect(opened["subprotocol"] == "kefu.v1")
                try await platform.tells("the first frame") { $0["frame"]["hello"] == "word" }
                let doctor = try await instance.kefu("doctor", settings: settings)
                #expect(!(instance.child.complaints + doctor.output + doctor.complaints).contains("abc123secret"))
            }
        }
    }

    @Test func `a wrong frame is refused, and those around it are taken`() async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { _, _ in
                try await platform.opened(1)
                try await platform.send([Self.event(1), "{nonsense", Self.event(2)])
                let state = try await platform.isCaughtUp()
                #expect(state["wrong"] == 1 && state["acknowledged"] == 2)
                #expect(try await platform.do("look")["open"] == 1)
            }
        }
    }

    @Test func `a message in fragments is one, and one that is too big ends the connection`() async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { _, _ in
                try await platform.opened(1)
                let text = Self.event(1, text: "好的").text
                let pieces = stride(from: 0, to: text.count, by: 7).map { start in
                    JSON.string(String(Array(text)[start..<min(start + 7, text.count)]))
                }
                try await platform.do("pieces", ["pieces": .array(pieces)])
                try await eventually("it is acknowledged") { try await platform.do("look")["acknowledged"] == 1 }
                let half = JSON.string(String(repeating: "x", count: 150_000))
                try await platform.do("pieces", ["pieces": [half, half]])
                #expect(try await platform.closed(1)["code"] == 1009)
                try await platform.opened(2)
            }
        }
    }

    @Test(arguments: [
        ("8203616263", 1003), ("8102ffff", 1007), ("f103616263", 1002), ("8003616263", 1002), ("8b00", 1002),
        ("818561626364", 1002), ("817f0000000000100000", 1009), ("0900", 1002), ("880103", 1002),
    ])
    func `what WebSocket forbids ends the connection with its code, and the next one works`(
        bytes: String, code: Int
    ) async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { _, _ in
                try await platform.opened(1)
                // Masks are four bytes, and then the contents.
                let padding = bytes.hasPrefix("8185") ? "0102030405060708" : ""
                try await platform.do("raw", ["hex": .string(bytes + padding)])
                #expect(try await platform.closed(1)["code"].int == code)
                try await platform.opened(2)
                try await platform.send([Self.event(1)])
                _ = try await platform.isCaughtUp()
            }
        }
    }

    @Test func `a connection that ends in the middle of a frame is made again, and nothing is lost`() async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { _, instance in
                try await platform.opened(1)
                try await platform.send((1...50).map { Self.event($0, by: "c\($0)") })
                try await platform.do("raw", ["hex": "817e1000616263"])
                try await platform.do("abort")
                try await platform.opened(2)
                try await platform.do("close", ["code": 4001, "reason": "see you"])
                try await platform.opened(3)
                _ = try await platform.isCaughtUp()
                #expect(instance.child.complaints.contains("4001"))
            }
        }
    }

    @Test func `a peer that is there no more is found by its silence`() async throws {
        try await Platform.run { platform in
            let settings = ["KEFU_CONNECTOR_URL": platform.url, "KEFU_CONNECTOR_PING_SECONDS": "0.3"]
            try await Site.run(settings) { _, _ in
                try await platform.opened(1)
                try await platform.do("freeze")
                try await platform.opened(2)
                try await platform.send([Self.event(1)])
                _ = try await platform.isCaughtUp()
                #expect(platform.stale.isEmpty)
            }
        }
    }

    @Test func `a flood is taken as fast as Redis allows, each event once`() async throws {
        try await Platform.run { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url, "KEFU_CONCURRENCY": "4"]) { site, instance in
                try await platform.opened(1)
                try await instance.accept(Tasks.message("T1", customer: "c7"))
                let events = (1...5000).map { Self.event($0, by: "c\($0 % 50)", text: "好的") }
                try await platform.send(events, within: .seconds(60))
                let state = try await platform.isCaughtUp(within: .seconds(60))
                #expect(state["acknowledged"] == 5000 && state["wrong"] == 0)
                try await instance.status("T1", is: "completed")
                #expect(site.gateway.requests.count == 1)
            }
        }
    }

    @Test func `while Redis is away nothing is acknowledged, and everything afterwards`() async throws {
        try await Platform.run { platform in
            try await Site.run { site in
                let way = try await FaultProxy.start(to: .unixSocket(path: "\(site.redis.folder)/s"))
                _ = try await site.start([
                    "KEFU_CONNECTOR_URL": platform.url, "REDIS_URL": "redis://127.0.0.1:\(way.port)",
                    "KEFU_CONNECTOR_LEASE_SECONDS": "20",
                ])
                try await platform.opened(1)
                way.setWeather(.refusing)
                try await platform.send((1...2000).map { Self.event($0, by: "c\($0)") })
                #expect(try await platform.do("look")["acknowledged"] == 0)
                way.setWeather(.clear)
                let state = try await platform.isCaughtUp()
                #expect(state["wrong"] == 0)
            }
        }
    }

    @Test func `a wrong certificate is no connection, and the right authority makes it one`() async throws {
        let files = try await TestCertificate.make()
        try await Platform.run(tls: files) { platform in
            try await Site.run(["KEFU_CONNECTOR_URL": platform.url]) { site, stranger in
                try await eventually("it is refused") { stranger.child.complaints.contains("无法连接平台") }
                try await stranger.child.kill9()
                _ = try await site.start([
                    "KEFU_CONNECTOR_URL": platform.url, "KEFU_CONNECTOR_CA": files.certificate,
                ])
                try await platform.opened(1)
                try await platform.send([Self.event(1)])
                _ = try await platform.isCaughtUp()
            }
        }
    }
}
