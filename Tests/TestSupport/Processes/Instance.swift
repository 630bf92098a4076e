import Foundation

/// A running `kefu serve`, and the other verbs pointed at it.
package struct Instance: Sendable {
    /// The executable that was built beside this test bundle.
    package static var executable: String {
        get throws {
            // The bundle's own path among the arguments, or this process's when it is the bundle.
            let places = CommandLine.arguments + [Bundle.main.executablePath ?? ""]
            for place in places where place.contains(".xctest") {
                let bundle = place.prefix(upTo: place.firstRange(of: ".xctest")?.upperBound ?? place.endIndex)
                let path = URL(fileURLWithPath: String(bundle)).deletingLastPathComponent().path + "/kefu"
                if FileManager.default.isExecutableFile(atPath: path) { return path }
            }
            throw NotMet(description: "no kefu beside the test bundle: \(places)")
        }
    }

    package let port: Int
    package let child: Child

    package var url: String { "http://127.0.0.1:\(port)" }

    /// Starts an instance and waits until it answers.
    ///
    /// - Parameters:
    ///   - port: nil: a free one.
    ///   - behind: a command that runs it by `exec`, such as `setpriv` with its options.
    package static func start(
        _ settings: [String: String], arguments: [String] = [], folder: String? = nil, port wanted: Int? = nil,
        behind: [String] = []
    ) async throws -> Instance {
        for _ in 0..<5 {
            let port = wanted ?? Ports.free()
            let command = behind + [try executable, "serve"] + arguments
            let child = try await Child.start(
                command[0], Array(command.dropFirst()),
                environment: settings.merging(["HTTP_API_PORT": "\(port)"]) { $1 }, folder: folder)
            let instance = Instance(port: port, child: child)
            do {
                try await eventually("instance listens on \(port)") { await instance.answers || !child.isRunning }
            } catch {
                try await child.dispose(removing: folder == nil)
                throw error
            }
            if child.isRunning { return instance }
            let complaints = child.complaints
            try await child.dispose(removing: folder == nil)
            guard complaints.contains("cannot listen") else {
                throw NotMet(description: "kefu serve ended: \(complaints)")
            }
        }
        throw NotMet(description: "no free port")
    }

    /// Whether it is this process that listens on the port.
    private var answers: Bool {
        get async {
            // Nobody listens yet.
            guard let answer = try? await get("/api/health/live") else { return false }
            return answer.data["instance"].string?.contains("-\(child.pid)-") == true
        }
    }

    // MARK: HTTP

    package func get(_ target: String, headers: [String] = []) async throws -> Answer {
        try await call(Wire.request("GET", target, headers: headers))
    }

    package func post(_ target: String, _ body: String, headers: [String] = []) async throws -> Answer {
        try await call(Wire.request("POST", target, headers: headers, body: Array(body.utf8)))
    }

    package func post(_ target: String, _ body: JSON, headers: [String] = []) async throws -> Answer {
        try await post(target, body.text, headers: headers)
    }

    private func call(_ bytes: [UInt8]) async throws -> Answer {
        guard let answer = try await Wire.exchange(port: port, bytes).answers.first else {
            throw NotMet(description: "no answer from port \(port)")
        }
        return answer
    }

    /// `data` of the task's status; null when it is unknown.
    package func status(_ id: String) async throws -> JSON {
        try await get("/api/task/status/\(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? id)").data
    }

    /// Waits until the task stands there.
    @discardableResult
    package func status(_ id: String, is status: String, within limit: Duration = .seconds(20)) async throws -> JSON {
        var task = JSON.null
        try await eventually(within: limit, "\(id) is \(status)") {
            task = try await self.status(id)
            return task["status"].string == status
        }
        return task
    }

    // MARK: The command

    /// Runs another verb against this instance.
    package func kefu(
        _ arguments: String..., settings: [String: String] = [:], input: String = ""
    ) async throws -> Outcome {
        try await Child.run(
            try Self.executable, arguments, environment: settings.merging(["KEFU_URL": url]) { own, _ in own },
            input: input)
    }
}
