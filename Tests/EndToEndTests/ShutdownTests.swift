import Glibc
import TestSupport
import Testing

/// What SIGTERM does. Leases are so long here that nothing which waits for one is done in time.
@Suite(.timeLimit(.minutes(2)))
struct ShutdownTests {
    private static let settings = ["KEFU_LEASE_SECONDS": "3600"]

    @Test(arguments: [SIGTERM, SIGINT])
    func `a running task is finished before the instance ends`(signal: Int32) async throws {
        try await Site.run { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { _ in .held(by: gate, .status(200)) }
            let kefu = try await site.start(Self.settings)
            try await kefu.accept(Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            kefu.child.signal(signal)
            try await leaves(kefu)
            #expect(kefu.child.isRunning)
            gate.open()
            #expect(try await kefu.child.end() == 0)

            let next = try await site.start(Self.settings)
            let task = try await next.status("T1", is: "completed")
            #expect(task["attempts"] == 1)
            #expect(try await site.receiver.requests(atLeast: 1)[0].json["status"] == "completed")
            #expect(site.gateway.requests.count == 1)
            let instances = try await next.get("/api/task/stats").data["instances"].elements
            #expect(instances.count == 1 && instances[0]["id"].string?.contains("-\(next.child.pid)-") == true)
        }
    }

    @Test func `an attempt that outlasts the grace period is handed over at once`() async throws {
        try await Site.run { site in
            let never = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: never, .status(200)) : .status(200) }
            let settings = Self.settings.merging(["KEFU_SHUTDOWN_SECONDS": "0.2"]) { $1 }
            let first = try await site.start(settings)
            let second = try await site.start(settings)
            try await first.accept(Tasks.message("T1"))
            #expect(try await first.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            first.child.signal(SIGTERM)
            #expect(try await first.child.end() == 0)
            let task = try await second.status("T1", is: "completed")
            #expect(task["attempts"] == 2 && task["retry_count"] == 0)
            #expect(site.gateway.requests.map { $0.header("idempotency-key") } == ["T1:1", "T1:1"])
        }
    }

    @Test func `what was not begun is done by another at once`() async throws {
        try await Site.run { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { _ in .held(by: gate, .status(200)) }
            let settings = Self.settings.merging(["KEFU_CONCURRENCY": "2"]) { $1 }
            let first = try await site.start(settings)
            let tasks = JSON.array((1...40).map { Tasks.message("T\($0)") })
            #expect(try await first.post("/api/task/receive/batch", tasks).status == 200)
            #expect(try await first.report(Tasks.said("好的")).count == 40)
            _ = try await site.gateway.requests(atLeast: 2)
            let second = try await site.start(settings)
            first.child.signal(SIGTERM)
            try await leaves(first)
            gate.open()
            #expect(try await first.child.end() == 0)
            try await eventually("all are completed") {
                try await second.get("/api/task/stats").data["by_status"]["completed"] == 40
            }
            #expect(site.gateway.requests.count == 40)
            #expect(site.gateway.requests.allSatisfy { $0.json["attempt"] == 1 })
        }
    }

    /// Waits until the instance takes no more requests, or says that it is leaving.
    private func leaves(_ kefu: Instance) async throws {
        try await eventually("the instance is leaving") {
            // Refused: it does not listen any more.
            guard let answer = try? await kefu.get("/api/health") else { return true }
            return answer.status == 503
        }
    }
}
