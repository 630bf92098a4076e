/// A Redis of the benchmark's own, empty, on a unix socket.
struct RedisServer {
    let process: ChildProcess
    let probe: RedisProbe
    let path: String

    /// Set as the embedded one (append-only file, one `fsync` a second, compact records). Rewrites of the file are
    /// off, because whether one falls into a measurement is chance. The only percentile that `INFO latencystats` is
    /// asked for is the longest.
    static let settings = [
        "--port", "0", "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy",
        "noeviction", "--hash-max-listpack-value", "1024", "--auto-aof-rewrite-percentage", "0",
        "--latency-tracking-info-percentiles", "100",
    ]

    init(in folder: StageFolder) throws(BenchError) {
        path = folder.file("redis.sock").path
        process = try ChildProcess(
            try ChildProcess.find("redis-server"), Self.settings + ["--unixsocket", path, "--dir", folder.path],
            environment: [:], output: folder.file("redis.log"))
        do throws(BenchError) {
            probe = try Self.firstProbe(of: process, path: path)
        } catch {
            process.stop()
            throw error
        }
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
}
