import Foundation
import TestSupport
import Testing

/// Files of this repository that are tried as they are.
enum Repository {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    static func path(_ file: String) -> String { "\(root)/\(file)" }

    static func text(_ file: String) throws -> String {
        try String(contentsOfFile: path(file), encoding: .utf8)
    }
}

/// HAProxy with `compose/haproxy.cfg` before three ports of this machine, on which instances come and go.
struct Balancer: Sendable {
    /// Arguments of `redis-server` for `compose/redis.conf`: what a test's Redis has of its own comes behind it.
    static let redis = ["--include", Repository.path("compose/redis.conf"), "--port", "0"]

    let port: Int
    let statusPort: Int
    /// Of the instances.
    let ports: [Int]
    let child: Child

    static func run<Value>(_ body: (Balancer) async throws -> Value) async throws -> Value {
        let ports = (0..<3).map { _ in Ports.free() }
        let (port, statusPort) = (Ports.free(), Ports.free())
        var environment = ["KEFU_LISTEN": "127.0.0.1:\(port)", "KEFU_STATUS": "127.0.0.1:\(statusPort)"]
        for (index, port) in ports.enumerated() { environment["KEFU_\(index + 1)"] = "127.0.0.1:\(port)" }
        let child = try await Child.start(
            "/usr/sbin/haproxy", ["-f", Repository.path("compose/haproxy.cfg")], environment: environment)
        let balancer = Balancer(port: port, statusPort: statusPort, ports: ports, child: child)
        do {
            try await eventually("HAProxy listens") {
                // Nobody listens yet.
                (try? await Wire.exchange(port: statusPort, Wire.request("GET", "/alive")).answers.first?.status) == 200
            }
            let value = try await body(balancer)
            try await child.dispose()
            return value
        } catch {
            let log = child.output.split(separator: "\n").suffix(30).joined(separator: "\n")
            try await child.dispose()
            throw NotMet(description: "\(error)\n--- haproxy\n\(log)")
        }
    }

    /// nil when the connection broke before an answer.
    func call(
        _ method: String, _ target: String, _ body: JSON? = nil, headers: [String] = []
    ) async throws -> Answer? {
        let request = Wire.request(method, target, headers: headers, body: body.map { Array($0.text.utf8) })
        return try await Wire.exchange(port: port, request).answers.first
    }

    /// As a sender does that follows the README: again after "come back", and after a connection that broke. Whatever
    /// else is answered is a failure for good.
    func insist(_ path: String, _ body: JSON) async throws {
        try await eventually(within: .seconds(60), "\(path) is answered with 200") {
            guard let answer = try await call("POST", path, body) else { return false }
            if answer.status != 200 {
                #expect([502, 503, 504].contains(answer.status) && answer["retry-after"] != nil, "\(answer)")
                #expect(answer.errorType == "unavailable" && answer["x-request-id"] != nil, "\(answer)")
            }
            return answer.status == 200
        }
    }

    /// What HAProxy says of an instance, from 1.
    func waitUntil(_ number: Int, is state: String) async throws {
        let line = "haproxy_server_status{proxy=\"kefu\",server=\"kefu-\(number)\",state=\"\(state)\"} 1"
        try await eventually("instance \(number) is \(state)") {
            try await metrics().contains(line)
        }
    }

    /// In chunks, so it is read to the end of the connection.
    private func metrics() async throws -> String {
        let outcome = try await Child.run("curl", ["-fsS", "http://127.0.0.1:\(statusPort)/metrics"])
        return outcome.output
    }
}
