import Foundation

/// A fresh private Redis and a fresh `kefu serve` on it, with the sinks it talks to: what a workload runs on.
/// Nothing outlives ``close()``.
final class Stage {
    let reactor: Reactor
    let gateway: Sink
    let callbacks: Sink
    /// What Kefu connects to, where the workload wants it.
    let platform: SocketPlatform?
    let kefu: ChildProcess
    let redisProcess: ChildProcess
    let redis: RedisProbe
    let redisPath: String
    let port: UInt16
    /// From the start of the process to its first healthy answer, nanoseconds.
    let startUp: Int64
    private let folder: URL

    init(kefu binary: String, withPlatform: Bool = false) throws(BenchError) {
        reactor = Reactor()
        gateway = try Sink(answer: #"{"sent":true}"#, reactor: reactor)
        callbacks = try Sink(answer: "{}", reactor: reactor)
        platform = withPlatform ? try SocketPlatform(body: Workload.streamBody, reactor: reactor) : nil
        folder = try Self.makeFolder()
        redisPath = folder.appendingPathComponent("redis.sock").path
        redisProcess = try Self.startRedis(in: folder, path: redisPath)
        do throws(BenchError) {
            redis = try Self.firstProbe(of: redisProcess, path: redisPath)
            port = try Socket.freePort()
            let began = Moment.monotonic()
            kefu = try ChildProcess(
                binary, ["serve"],
                environment: [
                    "KEFU_CONNECTOR_URL": platform.map { "ws://127.0.0.1:\($0.port)/" } ?? "",
                    "HTTP_API_PORT": "\(port)", "REDIS_URL": "unix://\(redisPath)", "LOG_LEVEL": "warning",
                    "KEFU_GATEWAY_URL": "http://127.0.0.1:\(gateway.port)/",
                    "TIANWANG_CALLBACK_URL": "http://127.0.0.1:\(callbacks.port)/",
                ], output: folder.appendingPathComponent("kefu.log"))
            startUp = try Self.awaitHealth(of: kefu, port: port) - began
        } catch {
            redisProcess.stop()
            Self.remove(folder)
            throw error
        }
    }

    func close() {
        kefu.stop()
        redisProcess.stop()
        gateway.close()
        callbacks.close()
        platform?.close()
        Self.remove(folder)
    }

    /// Tasks that Redis knows.
    func taskCount() throws(BenchError) -> Int {
        try redis.integer("ZCARD kefu:{0}:created")
    }

    private static func makeFolder() throws(BenchError) -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kefu-bench-\(getpid())")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw BenchError("cannot create \(folder.path): \(error)")
        }
        return folder
    }

    private static func remove(_ folder: URL) {
        try? FileManager.default.removeItem(at: folder)  // a leftover in the temporary folder harms nobody
    }

    /// Set as the embedded one (append-only file, one `fsync` a second, compact records). Rewrites of the file are
    /// off, because whether one falls into a measurement is chance.
    private static func startRedis(in folder: URL, path: String) throws(BenchError) -> ChildProcess {
        try ChildProcess(
            try ChildProcess.find("redis-server"),
            [
                "--port", "0", "--unixsocket", path, "--dir", folder.path, "--appendonly", "yes",
                "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
                "--hash-max-listpack-value", "1024", "--auto-aof-rewrite-percentage", "0",
            ], environment: [:], output: folder.appendingPathComponent("redis.log"))
    }

    private static func firstProbe(of process: ChildProcess, path: String) throws(BenchError) -> RedisProbe {
        for _ in 0..<1000 {
            try process.checkRunning()
            // Not listening yet is what is waited for.
            if let probe = try? RedisProbe(path: path), (try? probe.ask("PING")) == "PONG" { return probe }
            try Interruption.pause(milliseconds: 5)
        }
        throw BenchError("redis-server does not answer")
    }

    /// Asks every millisecond whether Kefu reaches its Redis, and ends the process when it never does.
    ///
    /// - Returns: When it did; monotonic nanoseconds.
    private static func awaitHealth(of process: ChildProcess, port: UInt16) throws(BenchError) -> Int64 {
        let deadline = Moment.monotonic() + 10_000_000_000
        let request = Array("GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)
        while Moment.monotonic() < deadline {
            try process.checkRunning()
            let reactor = Reactor()
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
        process.stop()
        throw BenchError("kefu is not healthy after 10 s")
    }
}
