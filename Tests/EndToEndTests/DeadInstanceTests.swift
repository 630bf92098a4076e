import Glibc
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct DeadInstanceTests {
    @Test func `what a killed instance was doing is done by another, under the same key`() async throws {
        try await Site.run { site in
            let never = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: never, .status(200)) : .status(200) }
            let settings = ["KEFU_LEASE_SECONDS": "1", "TIANWANG_CALLBACK_SECRET": Site.callbackSecret]
            let first = try await site.start(settings)
            let second = try await site.start(settings)
            try await first.accept(Tasks.message("T1"))
            // The instance that is told of the event runs what it fires.
            #expect(try await first.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            let owner = try await site.redis.answer("HGET", "kefu:{0}:task:T1", "owner").text ?? ""
            try #require(owner.contains("-\(first.child.pid)-"))
            try await first.child.kill9()

            let task = try await second.status("T1", is: "completed")
            #expect(task["attempts"] == 2 && task["retry_count"] == 0 && task["generation"] == 1)
            #expect(
                task["timeline"].elements.map { $0["status"] }
                    == ["waiting", "running", "waiting", "running", "completed"])
            let sent = site.gateway.requests
            #expect(sent.map { $0.header("idempotency-key") } == ["T1:1", "T1:1"])
            #expect(sent.map { $0.json["attempt"] } == [1, 2])

            // A later one's callback comes behind any second one of the first.
            try await second.accept(Tasks.message("T2"))
            #expect(try await second.report(Tasks.said("好的")) == ["T2"])
            let told = try await site.receiver.until { log in log.requests.contains { $0.json["task_id"] == "T2" } }
                .requests
            #expect(told.map { $0.json["task_id"] } == ["T1", "T2"])
            #expect(told[0].json["status"] == "completed" && told[0].json["attempts"] == 2)
            #expect(told[0].isSigned(with: Site.callbackSecret))
            // Settled behind the receiver's answer.
            try await eventually("the outbox is empty") {
                try await second.get("/api/callbacks").data["callbacks"] == []
            }
        }
    }

    @Test func `a claim that an instance hears of when its task is cancelled is not sent`() async throws {
        try await Site.run { site in
            let way = try await FaultProxy.start(to: .unixSocket(path: "\(site.redis.folder)/s"))
            let settings = ["KEFU_LEASE_SECONDS": "1", "KEFU_GATEWAY_TIMEOUT_SECONDS": "0.1"]
            let far = try await site.start(settings.merging(["REDIS_URL": "redis://127.0.0.1:\(way.port)"]) { $1 })
            let near = try await site.start(settings)
            // An instance waits two seconds for Redis: on a busy machine it may never hear of its claim.
            for round in 1...10 where !far.child.complaints.contains("任务租约已失效，未发送") {
                let id = "T\(round)"
                try await near.accept(Tasks.message(id, customer: id))
                way.setWeather(.holding(.answer))
                async let event = far.post("/api/event", Tasks.said("好的", by: id))
                try await near.status(id, is: "running")
                #expect(try await near.cancel(id).data["cancel_requested"] == true)
                try await eventually("it is cancelled") { try await near.cancel(id).status == 200 }
                way.setWeather(.clear)
                #expect(try await [200, 503].contains(event.status))
                try await eventually("Redis is near again") { try await far.get("/api/health").status == 200 }
            }
            try await eventually("the claim was heard of, and not acted upon") {
                try #require(site.gateway.requests.isEmpty)
                return far.child.complaints.contains("任务租约已失效，未发送")
            }
            try await near.accept(Tasks.message("last"))
            #expect(try await far.report(Tasks.said("好的")) == ["last"])
            try await near.status("last", is: "completed")
            #expect(site.gateway.requests.map { $0.json["task_id"] } == ["last"])
            await way.stop()
        }
    }

    @Test func `an instance that slept through its lease changes nothing when it wakes`() async throws {
        try await Site.run { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: gate, .status(500)) : .status(200, body: #"{"by": 2}"#) }
            let settings = ["KEFU_LEASE_SECONDS": "1"]
            let first = try await site.start(settings)
            let second = try await site.start(settings)
            try await first.accept(Tasks.message("T1"))
            #expect(try await first.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            first.child.signal(SIGSTOP)
            try await second.status("T1", is: "completed")
            // It may not be cancelled any more, whatever its first holder does.
            #expect(try await second.cancel("T1").status == 409)
            gate.open()
            first.child.signal(SIGCONT)
            try await eventually("the first holder has noticed") {
                first.child.complaints.contains("任务租约已失效")
            }
            let task = try await first.status("T1")
            #expect(task["status"] == "completed" && task["result"] == ["by": 2] && task["attempts"] == 2)
            #expect(try await site.receiver.requests(atLeast: 1).map { $0.json["status"] } == ["completed"])
        }
    }
}
