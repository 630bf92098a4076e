/// A `kefu serve` of the benchmark's own.
struct KefuInstance {
    let process: ChildProcess
    let port: UInt16
    /// From the start of the process to its first healthy answer, nanoseconds.
    let startUp: Int64

    private static let patience: Int64 = 10_000_000_000

    /// Starts it and waits until it reaches its Redis; ends it when it never does.
    ///
    /// - Parameter environment: all of its settings but the port.
    init(_ binary: String, environment: [String: String], in folder: StageFolder) throws(BenchError) {
        let port = try Socket.freePort()
        let began = Moment.monotonic()
        let process = try ChildProcess(
            binary, ["serve"], environment: environment.merging(["HTTP_API_PORT": "\(port)"]) { _, own in own },
            output: folder.file("kefu-\(port).log"))
        do throws(BenchError) {
            startUp = try Self.awaitHealth(of: process, port: port) - began
        } catch {
            process.stop()
            throw error
        }
        (self.process, self.port) = (process, port)
    }

    /// Asks every millisecond whether Kefu reaches its Redis.
    ///
    /// - Returns: When it did; monotonic nanoseconds.
    private static func awaitHealth(of process: ChildProcess, port: UInt16) throws(BenchError) -> Int64 {
        let deadline = Moment.monotonic() + patience
        let request = RequestTemplate(path: "/api/health").bytes
        while Moment.monotonic() < deadline {
            try process.checkRunning()
            let reactor = try Reactor()
            // Refused or closed connections are what is waited out.
            if let connection = try? Connection(port: port, reactor: reactor) {
                defer { connection.close() }
                var status = 0
                try connection.send(request) { (answer, _) throws(BenchError) in status = answer }
                _ = try reactor.run(until: deadline) { status != 0 }
                if status == 200 { return Moment.monotonic() }
            }
            try Interruption.pause(milliseconds: 1)
        }
        throw BenchError("kefu is not healthy after \(patience / 1_000_000_000) s")
    }
}
