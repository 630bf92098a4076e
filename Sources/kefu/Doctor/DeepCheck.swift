import Foundation
import KefuCore
import KefuRedis
import Logging
import NIOPosix

/// `kefu doctor --deep`: connects to the Redis that `kefu serve` would use and has everything in it compared, or
/// mended. What disagrees is printed as it is found; what comes back is the check that sums it up.
struct DeepCheck {
    static let name = "keys"
    static let connectLimit = Duration.seconds(3)

    let settings: Settings
    let isRepairing: Bool
    let console: DeepConsole

    func run() async -> Check {
        guard let endpoint else {
            return .fail(
                Self.name, "no embedded Redis runs in \(settings.dataDirectory)",
                "start kefu serve, or give doctor the instance's settings: KEFU_DATA_DIR or REDIS_URL")
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let check: Check
        do {
            let silent = Logger(label: "kefu.doctor") { _ in SwiftLogNoOpLogHandler() }
            let client = try RedisClient(endpoint: endpoint, group: group, name: "kefu-doctor", logger: silent)
            // Whether it was in time shows in the answer to the first command.
            _ = await client.waitUntilConnected(within: Self.connectLimit)
            check = await inspect(client)
            await client.close()
        } catch {
            check = .fail(Self.name, "\(error)", "correct KEFU_REDIS_CA")
        }
        // Nothing is left on its loop that could fail.
        try? await group.shutdownGracefully()
        return check
    }

    private var endpoint: RedisEndpoint? {
        if let endpoint = settings.redis { return endpoint }
        let socket = URL(fileURLWithPath: settings.dataDirectory).standardizedFileURL.path + "/redis.sock"
        return FileManager.default.fileExists(atPath: socket)
            ? RedisEndpoint(address: .unixSocket(path: socket)) : nil
    }

    private func inspect(_ client: RedisClient) async -> Check {
        let console = console
        var inspection = Inspection(
            client: client, isRepairing: isRepairing, lease: settings.lease, report: { console.show($0) },
            progress: { console.progress($0) })
        do throws(StoreError) {
            try await inspection.run()
            console.outcome = inspection.outcome
            return Self.check(inspection.outcome, isRepairing: isRepairing)
        } catch {
            console.outcome = inspection.outcome
            return .fail(
                Self.name, "not all was compared: \(error)",
                "see to Redis and what its user may do (README, Operations), then look again")
        }
    }

    static func check(_ outcome: Inspection.Outcome, isRepairing: Bool) -> Check {
        let seen = "\(outcome.tasks) tasks, \(outcome.keys) keys"
        guard outcome.found > 0 else { return .ok(name, "\(seen): all agree") }
        var detail = "\(seen), disagreements: \(outcome.found)"
        if isRepairing {
            detail += ", mended: \(outcome.mended), left: \(outcome.left)"
            if outcome.left == 0 { return .ok(name, detail) }
            let advice = "the lines above say what to do about what is left"
            return outcome.isClean ? .warn(name, detail, advice) : .fail(name, detail, advice)
        }
        detail += ", of which --repair mends \(outcome.mendable)"
        if !outcome.isCounted { detail += "; counters are compared when records are in order" }
        let advice = outcome.mendable > 0 ? "kefu doctor --repair" : "the lines above say what to do"
        return outcome.isClean ? .warn(name, detail, advice) : .fail(name, detail, advice)
    }
}
