/// A fresh private Redis and fresh instances on it, with the sinks they talk to: what a workload runs on.
/// Nothing outlives ``close()``.
final class Stage {
    /// What a workload wants to run on.
    struct Setting: Sendable {
        var instances = 1
        /// Whether Kefu is given a platform to connect to.
        var hasPlatform = false
        /// What is not as it is by default.
        var environment: [String: String] = [:]

        /// Events are not kept for tasks that look back.
        static let unlogged = Setting(environment: ["KEFU_EVENT_LOG_SECONDS": "0"])
    }

    let reactor: Reactor
    let gateway: Sink
    let callbacks: Sink
    /// What Kefu connects to, where the workload wants it.
    let platform: SocketPlatform?
    let server: RedisServer
    private(set) var instances: [KefuInstance] = []
    private let folder: StageFolder

    var redis: RedisProbe { server.probe }

    init(kefu binary: String, _ setting: Setting) throws(BenchError) {
        reactor = try Reactor()
        gateway = try Sink(answer: #"{"sent":true}"#, reactor: reactor)
        callbacks = try Sink(answer: "{}", reactor: reactor)
        platform = setting.hasPlatform ? try SocketPlatform(body: Workload.streamBody, reactor: reactor) : nil
        folder = try StageFolder()
        do throws(BenchError) {
            server = try RedisServer(in: folder)
        } catch {
            folder.remove()
            throw error
        }
        let environment = Self.environment(
            redis: server.path, gateway: gateway.port, callbacks: callbacks.port, platform: platform?.port)
        do throws(BenchError) {
            for _ in 0..<setting.instances {
                let own = environment.merging(setting.environment) { _, own in own }
                instances.append(try KefuInstance(binary, environment: own, in: folder))
            }
        } catch {
            close()
            throw error
        }
    }

    func close() {
        for instance in instances { instance.process.stop() }
        server.process.stop()
        gateway.close()
        callbacks.close()
        platform?.close()
        folder.remove()
    }

    /// The settings of every instance but its port.
    static func environment(
        redis: String, gateway: UInt16, callbacks: UInt16, platform: UInt16? = nil
    ) -> [String: String] {
        [
            "KEFU_CONNECTOR_URL": platform.map { "ws://127.0.0.1:\($0)/" } ?? "", "REDIS_URL": "unix://\(redis)",
            "LOG_LEVEL": "warning", "KEFU_GATEWAY_URL": "http://127.0.0.1:\(gateway)/",
            "TIANWANG_CALLBACK_URL": "http://127.0.0.1:\(callbacks)/",
        ]
    }

    /// Opens so many connections, to the instances by turns.
    func connect(_ count: Int) throws(BenchError) -> [Connection] {
        var connections: [Connection] = []
        for index in 0..<count {
            let port = instances[index % instances.count].port
            connections.append(try Connection(port: port, reactor: reactor))
        }
        return connections
    }

    /// Tasks that Redis knows.
    func taskCount() throws(BenchError) -> Int {
        try redis.integer("ZCARD kefu:{0}:created")
    }

    /// Memory of the instance that uses most, now; MB.
    var residentMB: Double { Double(instances.map(\.process.residentBytes).max() ?? 0) / 1e6 }

    /// Memory of the instance that has used most, when it did; MB.
    var peakMB: Double { Double(instances.map(\.process.peakBytes).max() ?? 0) / 1e6 }
}
