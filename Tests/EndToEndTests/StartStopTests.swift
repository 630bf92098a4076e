import Foundation
import Glibc
import TestSupport
import Testing

/// Told to stop at awkward moments: nothing hangs, nothing is left behind.
@Suite(.timeLimit(.minutes(2)))
struct StartStopTests {
    @Test func `a start that is called off ends cleanly and leaves no Redis behind`() async throws {
        try await Site.alone {
            // At the first byte in its folder, once its Redis runs, once it says that it listens.
            let moments: [@Sendable (Child) -> Bool] = [
                { FileManager.default.fileExists(atPath: "\($0.folder)/data") },
                { FileManager.default.fileExists(atPath: "\($0.folder)/data/redis.sock") },
                { $0.complaints.contains("内置 Redis 已启动") },
                { $0.complaints.contains("HTTP server listening") },
            ]
            for moment in moments {
                let environment = ["KEFU_DATA_DIR": "data", "HTTP_API_PORT": "\(Ports.free())"]
                let child = try await Child.start(try Instance.executable, ["serve"], environment: environment)
                do {
                    try await eventually("the moment has come") { moment(child) || !child.isRunning }
                    child.signal(SIGTERM)
                    #expect(try await child.end() == 0, "\(child.complaints)")
                    #expect(try Self.redisOf(child) == nil, "\(child.complaints)")
                } catch {
                    try await child.dispose()
                    throw error
                }
                try await child.dispose()
            }
        }
    }

    @Test func `no thread of an instance interrupts another`() async throws {
        try await Site.run([:]) { _, kefu in
            try await kefu.accept(Tasks.message("T1"))
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(kefu.child.pid)/task")
            // sched(7): SCHED_BATCH.
            let policies = threads.compactMap { Int32($0) }.map { sched_getscheduler($0) }
            #expect(policies.count > 2 && policies.allSatisfy { $0 == 3 }, "\(policies)")
        }
    }

    /// As in a container, where options of sockets that only an administrator may set are refused.
    @Test func `an instance serves without any of the administrator's rights`() async throws {
        try await Site.alone {
            let behind = geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []
            let kefu = try await Instance.start(["KEFU_DATA_DIR": "data"], behind: behind)
            do {
                #expect(
                    try String(contentsOfFile: "/proc/\(kefu.child.pid)/status", encoding: .utf8)
                        .contains("CapEff:\t0000000000000000"))
                #expect(try await kefu.get("/api/health").status == 200)
                kefu.child.signal(SIGTERM)
                #expect(try await kefu.child.end() == 0)
            } catch {
                try await kefu.child.dispose()
                throw error
            }
            try await kefu.child.dispose()
        }
    }

    /// The process id of a server that still has this folder's socket in its arguments or title.
    private static func redisOf(_ child: Child) throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.first { pid in
            // It may end while we look.
            let title = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)
            return title?.contains("redis-server") == true && title?.contains(child.folder) == true
        }
    }

    @Test func `an instance whose Redis is gone stops within its grace all the same`() async throws {
        try await Site.run(redis: ["--appendonly", "yes"]) { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: gate, .status(200)) : .status(200) }
            let settings = ["KEFU_SHUTDOWN_SECONDS": "0.5", "KEFU_LEASE_SECONDS": "1"]
            let kefu = try await site.start(settings)
            try await kefu.accept(Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            _ = try await site.gateway.requests(atLeast: 1)
            try await site.redis.kill()
            kefu.child.signal(SIGTERM)
            #expect(try await kefu.child.end() == 0)
            gate.open()
            #expect(kefu.child.complaints.contains("等待租约到期"))

            try await site.redis.start()
            let next = try await site.start(settings)
            let task = try await next.status("T1", is: "completed")
            #expect(task["attempts"] == 2)
            #expect(site.gateway.requests.map { $0.header("idempotency-key") } == ["T1:1", "T1:1"])
        }
    }

    @Test func `an instance that never had a Redis is told to stop and does`() async throws {
        try await Site.alone {
            let environment = ["REDIS_URL": "redis://127.0.0.1:\(Ports.free())", "HTTP_API_PORT": "\(Ports.free())"]
            let child = try await Child.start(try Instance.executable, ["serve"], environment: environment)
            do {
                try await eventually("it says what is wrong") { child.complaints.contains("Redis 无法连接") }
                child.signal(SIGTERM)
                #expect(try await child.end() == 0)
            } catch {
                try await child.dispose()
                throw error
            }
            try await child.dispose()
        }
    }
}
