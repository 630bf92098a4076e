import Foundation
import KefuRedis
import TestSupport

/// Everything that one chapter plays on: a Redis, three instances that reach it through a proxy each, a gateway and a
/// callback server behind proxies of their own.
final class Stage: Sendable {
    static let prefix = "kefu:{0}:"

    let redis: PrivateRedis
    let ways: [FaultProxy]
    let gateway: PeerServer
    let receiver: PeerServer
    let fleet: Fleet
    let recorder: Recorder

    private init(
        redis: PrivateRedis, ways: [FaultProxy], gateway: PeerServer, receiver: PeerServer, fleet: Fleet,
        recorder: Recorder
    ) {
        self.redis = redis
        self.ways = ways
        self.gateway = gateway
        self.receiver = receiver
        self.fleet = fleet
        self.recorder = recorder
    }

    static func open(folder: String) async throws -> Stage {
        let recorder = Recorder()
        recorder.record { $0.leaseMs = Fleet.leaseMs }
        let redis = try await PrivateRedis.startOwn([
            "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes",
        ])
        var ways: [FaultProxy] = []
        for _ in 0..<Plan.places { ways.append(try await .start(to: .unixSocket(path: "\(redis.folder)/s"))) }
        let gateway = try await PeerServer.start(
            answering: { body, instance in
                body["action"]["message"].string?.contains("拒绝") == true
                    ? .status(400) : .status(200, body: Sending.result(by: instance, attempt: body["attempt"].int ?? 0))
            },
            note: { request, body, instance, answer in
                recorder.note(sending: body, request, by: instance, answer: answer)
            })
        let receiver = try await PeerServer.start(
            answering: { _, _ in .status(200) },
            note: { request, body, _, answer in recorder.note(delivery: body, request, answer: answer) })
        let ports = ways.map(\.port)
        let fleet = Fleet(places: Plan.places, folder: folder) { [gateway, receiver] place, name in
            [
                "REDIS_URL": "redis://127.0.0.1:\(ports[place])",
                "KEFU_GATEWAY_URL": "http://127.0.0.1:\(gateway.proxy.port)/send/\(name)",
                "TIANWANG_CALLBACK_URL": "http://127.0.0.1:\(receiver.proxy.port)/callback/\(name)",
            ]
        }
        let stage = Stage(
            redis: redis, ways: ways, gateway: gateway, receiver: receiver, fleet: fleet, recorder: recorder)
        for place in 0..<Plan.places { try await fleet.start(at: place) }
        return stage
    }

    func close() async throws {
        try await fleet.close()
        for way in ways { await way.stop() }
        await gateway.stop()
        await receiver.stop()
        try await redis.stop()
    }

    /// Nothing is wrong any more.
    func heal() async throws {
        for way in ways { way.setWeather(.clear) }
        for peer in [gateway, receiver] {
            peer.set(nil)
            peer.setMood(.well)
        }
        await redis.resume()
        try await insist("CONFIG", "SET", "maxmemory", "0")
        try await insist("REPLICAOF", "NO", "ONE")
    }

    /// A command that Redis answers at last.
    func insist(_ arguments: String...) async throws {
        try await eventually(within: .seconds(30), arguments.joined(separator: " ")) {
            // Away, or asleep.
            (try? await self.redis.admin.command(arguments.map { .string($0) })) != nil
        }
    }

    /// Everything that can be done now is done, and nothing will be due by itself.
    func quiet() async throws {
        var left = ""
        do {
            try await eventually(within: .seconds(120)) {
                left = ""
                for queue in ["ready", "retrying", "running", "scheduled", "callbacks"] {
                    let size = try await redis.answer("ZCARD", Self.prefix + queue).integer ?? 0
                    if size > 0 { left += " \(queue) \(size)" }
                }
                let soon = String(Int64(Date().timeIntervalSince1970 * 1000) + 3_600_000)
                let deadlines = try await redis.answer("ZCOUNT", Self.prefix + "timeouts", "-inf", soon).integer ?? 0
                if deadlines > 0 { left += " timeouts \(deadlines)" }
                return left.isEmpty
            }
        } catch let error as NotMet {
            throw NotMet(description: "nothing is wrong any more, and still there is left:\(left); \(error)")
        }
    }

    /// The tasks that an instance has claimed and neither settled nor lost; none when Redis is away.
    func held(by id: String) async -> Set<String> {
        var held: Set<String> = []
        // Without an answer nothing can be said about what becomes of them.
        guard let running = try? await redis.answer("ZRANGE", Self.prefix + "running", "0", "-1").array else {
            return held
        }
        for task in running.compactMap(\.text) {
            let key = Self.prefix + "task:" + task.replacing("%", with: "%25").replacing(":", with: "%3A")
            let owner = try? await redis.answer("HGET", key, "owner").text
            if owner?.hasPrefix(id + ":") == true { held.insert(task) }
        }
        return held
    }
}

extension Recorder {
    fileprivate func note(sending body: JSON, _ request: HTTPSink.Request, by instance: String, answer: Int) {
        let event = body["trigger_event"]
        let names = ["time_reach": "time", "manual": "manual"]
        let sending = Sending(
            turn: TaskTurn(task: body["task_id"].string ?? "?", generation: body["generation"].int ?? 0),
            attempt: body["attempt"].int ?? 0, key: request.header("idempotency-key") ?? "",
            customer: body["customer"]["id"].string ?? "",
            event: names[event["type"].string ?? ""] ?? event["conversation"]["event"].string,
            eventCustomer: event["conversation"]["customer"].string, instance: instance,
            at: moment(of: request.arrival), answer: answer)
        record { $0.sendings.append(sending) }
    }

    fileprivate func note(delivery body: JSON, _ request: HTTPSink.Request, answer: Int) {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let at = body["timestamp"].string.flatMap { try? Date($0, strategy: style) }
        let delivery = Delivery(
            id: body["callback_id"].string ?? "",
            turn: TaskTurn(task: body["task_id"].string ?? "?", generation: body["generation"].int ?? 0),
            status: body["status"].string ?? "",
            of: Int64(((at?.timeIntervalSince1970 ?? 0) * 1000).rounded()), body: request.text,
            at: moment(of: request.arrival), isAccepted: (200..<300).contains(answer))
        record { $0.deliveries.append(delivery) }
    }
}
