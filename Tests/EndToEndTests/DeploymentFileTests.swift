import Foundation
import TestSupport
import Testing

/// The files of `compose/` under the eyes of the programs that read them. `TopologyTests` has them at work.
@Suite(.timeLimit(.minutes(2)))
struct DeploymentFileTests {
    @Test func `HAProxy finds nothing to complain about, with the file's own addresses and with others`() async throws {
        // Names would have to exist.
        let others = [
            "KEFU_LISTEN": "127.0.0.1:15000 name api", "KEFU_STATUS": ":15001", "KEFU_1": "10.0.0.1:5678",
            "KEFU_2": "10.0.0.2:5678", "KEFU_3": "10.0.0.3:5678",
        ]
        for environment in [[:], others] {
            let outcome = try await Child.run(
                "/usr/sbin/haproxy", ["-c", "-f", Repository.path("compose/haproxy.cfg")], environment: environment)
            #expect(outcome.status == 0, "\(outcome.complaints)")
            #expect(
                !outcome.complaints.contains("WARNING") && !outcome.complaints.contains("ALERT"),
                "\(outcome.complaints)")
        }
    }

    @Test func `systemd understands the unit, and finds it well locked up`() async throws {
        let folder = try PrivateRedis.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Nothing is lost with it.
        let unit = "\(folder)/kefu@5681.service"
        // What it runs has to exist.
        try Repository.text("compose/kefu@.service").replacing("/usr/local/bin/kefu", with: Instance.executable)
            .write(toFile: unit, atomically: false, encoding: .utf8)
        let verified = try await Child.run("systemd-analyze", ["verify", "--man=no", "--recursive-errors=no", unit])
        #expect(verified.status == 0 && verified.complaints == "", "\(verified.complaints)")
        // In tenths; 100 is a service without any lock.
        let security = try await Child.run(
            "systemd-analyze", ["security", "--no-pager", "--offline=true", "--threshold=15", unit])
        #expect(security.status == 0, "\(security.output)")
    }

    @Test func `the unit gives an instance longer to stop than the instance takes`() throws {
        let unit = try Repository.text("compose/kefu@.service")
        let settings = try Repository.text("compose/kefu.env.example")
        let grace = try #require(settings.firstMatch(of: /(?m)^KEFU_SHUTDOWN_SECONDS=(\d+)$/)?.1)
        let timeout = try #require(unit.firstMatch(of: /(?m)^TimeoutStopSec=(\d+)$/)?.1)
        #expect(try #require(Int(timeout)) > #require(Int(grace)))
        let compose = try Repository.text("compose/compose.yaml")
        let limit = try #require(compose.firstMatch(of: /(?m)^  stop_grace_period: (\d+)s$/)?.1)
        let wait = try #require(compose.firstMatch(of: /KEFU_SHUTDOWN_SECONDS: "(\d+)"/)?.1)
        #expect(try #require(Int(limit)) > #require(Int(wait)))
    }

    @Test(arguments: [["compose.yaml"], ["compose.yaml", "sentinel.yaml"]])
    func `docker-compose understands the files with the settings that new-env writes`(files: [String]) async throws {
        try await Self.withCopy { folder in
            let made = try await Child.run("sh", ["\(folder)/new-env"])
            #expect(made.status == 0, "\(made.complaints)")
            let config = try await Self.config(files, in: folder)
            #expect(config.status == 0, "\(config.complaints)")
            for service in ["redis", "kefu-1", "kefu-2", "kefu-3", "haproxy", "prometheus"] {
                #expect(config.output.contains("\n  \(service):\n"), "\(service)")
            }
            #expect(config.output.contains("read_only: true"))
            // Nothing but the loopback is published.
            let ports = config.output.matches(of: /- ([\d.:]+):\d+\/tcp/).map { $0.1 }
            #expect(ports.count == 2 && ports.allSatisfy { $0.hasPrefix("127.0.0.1:") })
        }
    }

    @Test func `without settings nothing starts, and new-env makes some that nobody else has`() async throws {
        try await Self.withCopy { folder in
            try "".write(toFile: "\(folder)/.env", atomically: false, encoding: .utf8)
            let refused = try await Self.config(["compose.yaml"], in: folder)
            #expect(refused.status != 0 && refused.complaints.contains("is missing in .env"), "\(refused)")
            let kept = try await Child.run("sh", ["\(folder)/new-env"])
            #expect(kept.status == 1 && kept.complaints.contains("nothing was changed"))
            var seen: Set<String> = []
            for _ in 0..<2 {
                try FileManager.default.removeItem(atPath: "\(folder)/.env")
                #expect(try await Child.run("sh", ["\(folder)/new-env"]).status == 0)
                let text = try String(contentsOfFile: "\(folder)/.env", encoding: .utf8)
                let settings = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.joined(separator: "\n")
                #expect(!settings.contains("GENERATE") && settings.contains("\nREDIS_PASSWORD="))
                let secrets = settings.matches(of: /[0-9a-f]{48}|whsec_[A-Za-z0-9+\/]{43}=/).map { String($0.0) }
                // The token of the metrics stands there twice.
                #expect(secrets.count == 8 && Set(secrets).count == 7)
                #expect(seen.isDisjoint(with: secrets))
                seen.formUnion(secrets)
                #expect(try await Child.run("stat", ["-c", "%a", "\(folder)/.env"]).output == "600\n")
            }
        }
    }

    /// A copy of `compose/`, so that nobody's `.env` is touched.
    private static func withCopy(_ body: (String) async throws -> Void) async throws {
        let folder = try PrivateRedis.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }  // Nothing is lost with it.
        for name in ["compose.yaml", "sentinel.yaml", ".env.example", "new-env"] {
            try FileManager.default.copyItem(
                atPath: Repository.path("compose/\(name)"), toPath: "\(folder)/\(name)")
        }
        try await body(folder)
    }

    private static func config(_ files: [String], in folder: String) async throws -> Outcome {
        let options = files.flatMap { ["-f", "\(folder)/\($0)"] }
        return try await Child.run(
            "docker-compose", ["--project-directory", folder, "--env-file", "\(folder)/.env"] + options + ["config"],
            environment: ["HOME": folder])
    }
}
