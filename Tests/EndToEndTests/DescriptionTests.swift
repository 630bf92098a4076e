import Foundation
import TestSupport
import Testing

/// The API description against what a running instance does. Both tools come with the test packages (`.ci/test`).
@Suite(.timeLimit(.minutes(10)))
struct DescriptionTests {
    private static let token = "admin-0123456789"
    /// Where hooks and settings of Schemathesis are.
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Description").path

    private static func isInstalled(_ tool: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(tool)")
        }
    }

    private static func run(_ command: String, in folder: String) async throws -> Outcome {
        try await Child.run(
            "/bin/sh", ["-c", command],
            environment: ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": folder],
            within: .seconds(540))
    }

    @Test(.enabled(if: isInstalled("openapi-spec-validator"), "needs the python package openapi-spec-validator"))
    func `the description is valid OpenAPI 3.1`() async throws {
        try await Site.run([:]) { site, kefu in
            let file = "\(site.redis.folder)/openapi.json"
            try await kefu.get("/api/openapi.json").body.write(toFile: file, atomically: true, encoding: .utf8)
            let outcome = try await Self.run("openapi-spec-validator --schema 3.1 \(file)", in: site.redis.folder)
            #expect(outcome.status == 0, "\(outcome.output)\(outcome.complaints)")
        }
    }

    /// The stream is left out because it does not end; `StreamTests` has it.
    @Test(.enabled(if: isInstalled("schemathesis"), "needs the python package schemathesis"))
    func `thousands of right and wrong requests made from the description are answered as it says`() async throws {
        let settings = [
            "KEFU_API_TOKENS": "a:admin:\(Self.token)", "HTTP_API_HOST": "127.0.0.1", "KEFU_EVENT_LOG_SECONDS": "3600",
        ]
        try await Site.run(settings) { site, kefu in
            let command = [
                "cd \(site.redis.folder) &&", "PYTHONPATH=\(Self.folder) SCHEMATHESIS_HOOKS=kefu_formats",
                "schemathesis --config-file \(Self.folder)/schemathesis.toml",
                "run \(kefu.url)/api/openapi.json -H 'Authorization: Bearer \(Self.token)'",
                "--exclude-path /api/task/stream --exclude-path /api/event/ws --phases examples,coverage,fuzzing --max-examples 5 --seed 7",
                "--request-timeout 20 --workers 2 --no-color --continue-on-failure",
            ].joined(separator: " ")
            let outcome = try await Self.run(command, in: site.redis.folder)
            #expect(outcome.status == 0, "\(outcome.output.suffix(8_000))\n\(outcome.complaints)")
            #expect(outcome.output.contains(" generated"), "\(outcome.output.suffix(2_000))")
            #expect(try await kefu.get("/api/health").status == 200)
            #expect(!kefu.child.complaints.contains(" ERROR "))
        }
    }
}
