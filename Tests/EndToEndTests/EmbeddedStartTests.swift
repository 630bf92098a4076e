import Foundation
import TestSupport
import Testing

/// Instances without a `REDIS_URL`.
@Suite(.timeLimit(.minutes(2)))
struct EmbeddedStartTests {
    @Test func `a task is still there after a stop and a start`() async throws {
        try await withFolder { folder in
            let first = try await Instance.start([:], folder: folder)
            try await first.accept(Tasks.message("T1"))
            first.child.signal(SIGTERM)
            #expect(try await first.child.end() == 0)
            #expect(redis(in: folder) == nil)

            let second = try await Instance.start([:], folder: folder)
            #expect(try await second.status("T1")["status"] == "waiting")
            #expect(try await second.report(Tasks.said("好的")) == ["T1"])
            try await second.status("T1", is: "completed")
            // Without a gateway an action is printed.
            #expect(second.child.complaints.contains("message of T1"))
            #expect(second.child.complaints.contains("embedded Redis in .kefu"))
            second.child.signal(SIGTERM)
            #expect(try await second.child.end() == 0)
            #expect(redis(in: folder) == nil)
        }
    }

    @Test func `instances share a folder, and the last to leave stops the Redis`() async throws {
        try await withFolder { folder in
            let first = try await Instance.start([:], folder: folder)
            let second = try await Instance.start(["KEFU_DATA_DIR": "\(folder)/.kefu"])
            do {
                try await first.accept(Tasks.message("T1"))
                #expect(try await second.report(Tasks.said("好的")) == ["T1"])
                try await first.status("T1", is: "completed")
                try await eventually("both are known") {
                    try await second.get("/api/task/stats").data["instances"].elements.count == 2
                }
                let pid = redis(in: folder)
                first.child.signal(SIGTERM)
                #expect(try await first.child.end() == 0)
                #expect(redis(in: folder) == pid && pid != nil)
                #expect(try await second.status("T1")["status"] == "completed")
                second.child.signal(SIGTERM)
                #expect(try await second.child.end() == 0)
                #expect(redis(in: folder) == nil)
            } catch {
                try await second.child.dispose()
                throw error
            }
            try await second.child.dispose()
        }
    }

    @Test func `a killed instance leaves its data usable`() async throws {
        try await withFolder { folder in
            let first = try await Instance.start([:], folder: folder)
            for number in 1...20 { try await first.accept(Tasks.message("T\(number)")) }
            try await first.child.kill9()
            let left = redis(in: folder)
            #expect(left != nil)

            // The Redis that was left is used again.
            let second = try await Instance.start([:], folder: folder)
            #expect(redis(in: folder) == left)
            #expect(try await second.get("/api/task/stats").data["by_status"]["waiting"] == 20)

            // One that dies too is started again, by the instance that lives.
            kill(try #require(left), SIGKILL)
            try await eventually("the Redis is back") {
                redis(in: folder).map { $0 != left } == true
            }
            try await eventually("requests are taken again") { try await second.get("/api/health").status == 200 }
            #expect(try await second.report(Tasks.said("好的")).count == 20)
            second.child.signal(SIGTERM)
            #expect(try await second.child.end() == 0)
            #expect(redis(in: folder) == nil)
        }
    }

    @Test func `an embedded Redis is set up as a queue needs it`() async throws {
        try await withFolder { folder in
            let kefu = try await Instance.start([:], folder: folder)
            let socket = "\(folder)/.kefu/redis.sock"
            let settings = ["appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"]
            for (name, value) in settings {
                let outcome = try await Child.run("redis-cli", ["-s", socket, "CONFIG", "GET", name])
                #expect(outcome.output == "\(name)\n\(value)\n")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/.kefu")
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            kefu.child.signal(SIGTERM)
            #expect(try await kefu.child.end() == 0)
        }
    }

    /// Runs `body` with a working directory for instances, and ends whatever is left in it.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        try await Site.alone {
            let folder = try PrivateRedis.makeFolder()
            let result: Result<Void, any Error>
            do { result = .success(try await body(folder)) } catch { result = .failure(error) }
            for pid in [Int32(contentsOf("\(folder)/pid")), redis(in: folder)].compactMap({ $0 }) {
                // Only what still is what it was: the folder in its command line or working directory.
                let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
                if place?.hasPrefix(folder) == true { kill(pid, SIGKILL) }
            }
            try FileManager.default.removeItem(atPath: folder)
            try result.get()
        }
    }

    /// The process id of the server that runs on the folder's data; nil when there is none.
    private func redis(in folder: String) -> Int32? {
        guard let pid = Int32(contentsOf("\(folder)/.kefu/redis.pid")) else { return nil }
        return contentsOf("/proc/\(pid)/comm") == "redis-server" ? pid : nil
    }

    private func contentsOf(_ path: String) -> String {
        // No such file: empty.
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
}
