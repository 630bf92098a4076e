import Foundation
import KefuOutbound
import KefuRedis
import Logging
import NIOPosix

/// Looks at everything an instance depends on and changes nothing.
struct Doctor {
    static let redisLimit = Duration.seconds(3)
    static let peerLimit = Duration.seconds(5)

    let source: SettingsSource
    let settings: Settings
    let transport: CurlTransport

    func run() async -> [Check] {
        var checks = unknownNames + [tokens]
        let (instance, isServing) = await instance()
        checks += await redis(isServed: isServing)
        checks.append(
            settings.gatewayIsConnector
                ? .ok("gateway", "over the connection to the platform")
                : await peer(
                    "gateway", settings.gatewayURL,
                    unset: settings.sendsActions
                        ? .ok("gateway", "where the adapter says")
                        : .warn("gateway", "not set: actions are only printed", "set KEFU_GATEWAY_URL")))
        checks.append(
            await peer(
                "callback", settings.callbackURL,
                unset: settings.sendsCallbacks
                    ? .ok("callback", "where the adapter says")
                    : .warn("callback", "not set: nobody is told how tasks end", "set TIANWANG_CALLBACK_URL")))
        checks.append(instance)
        return checks
    }

    private var unknownNames: [Check] {
        let unknown = source.unknown.map { name, nearest in
            let advice = nearest.map { "did you mean \($0.rawValue)?" } ?? "remove it: it has no effect"
            return Check.warn("settings", "unknown setting \(name)", advice)
        }
        return unknown.isEmpty ? [.ok("settings", "all valid")] : unknown
    }

    private var tokens: Check {
        let count = settings.tokens.count
        guard count == 0 else { return .ok("tokens", count == 1 ? "1 is needed" : "one of \(count) is needed") }
        return .warn(
            "tokens", "none: whoever reaches the port may do everything",
            "set KEFU_API_TOKENS before a proxy or another machine can reach it")
    }

    // MARK: Redis

    /// - Parameter isServed: whether an instance answers, by whatever Redis.
    private func redis(isServed: Bool) async -> [Check] {
        guard let endpoint = settings.redis else { return await embeddedRedis(isServed: isServed) }
        return await redis(at: endpoint)
    }

    private func embeddedRedis(isServed: Bool) async -> [Check] {
        let folder = URL(fileURLWithPath: settings.dataDirectory).standardizedFileURL.path
        var checks: [Check] = []
        if let program = Self.program("redis-server") {
            checks.append(.ok("embedded redis", "\(program), data in \(folder)"))
        } else {
            checks.append(
                .fail(
                    "embedded redis", "no redis-server in PATH",
                    "apt-get install redis-server, or set REDIS_URL to a Redis that you run"))
        }
        let socket = "\(folder)/redis.sock"
        guard FileManager.default.fileExists(atPath: socket) else {
            return checks + [Self.missing(in: folder, isServed: isServed)]
        }
        return checks + (await redis(at: RedisEndpoint(address: .unixSocket(path: socket))))
    }

    /// - Parameter isServed: whether an instance answers that has a Redis: then it is not the one of these settings.
    static func missing(in folder: String, isServed: Bool) -> Check {
        guard isServed else { return .ok("redis", "not running: kefu serve starts it") }
        return .warn(
            "redis", "none runs in \(folder), so it was not looked at: the instance below uses another",
            "give doctor the instance's settings: KEFU_DATA_DIR or REDIS_URL, or --config and its file")
    }

    private func redis(at endpoint: RedisEndpoint) async -> [Check] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let silent = Logger(label: "kefu.doctor") { _ in SwiftLogNoOpLogHandler() }
        let checks: [Check]
        do {
            let client = try RedisClient(endpoint: endpoint, group: group, name: "kefu-doctor", logger: silent)
            // Whether it was in time shows in the answer to the first command, which also says why not.
            _ = await client.waitUntilConnected(within: Self.redisLimit)
            do {
                let facts = try await RedisFacts(asking: client)
                checks =
                    found(endpoint, client.server) + facts.checks
                    + facts.replicaCheck(needed: settings.minReplicas, isWatched: endpoint.isWatched)
                    + (try await connector(client))
            } catch {
                checks = [.fail("redis", "\(endpoint): \(error)", error.advice)]
            }
            await client.close()
        } catch {
            checks = [.fail("redis", "\(error)", "correct KEFU_REDIS_CA")]
        }
        // Nothing is left on its loop that could fail.
        try? await group.shutdownGracefully()
        return checks
    }

    private func connector(_ client: RedisClient) async throws(RedisClientError) -> [Check] {
        guard let options = settings.connector else { return [] }
        return [try await ConnectorFacts(asking: client).check("\(options.address)")]
    }

    private func found(_ endpoint: RedisEndpoint, _ server: RedisEndpoint.Address?) -> [Check] {
        guard endpoint.isWatched else { return [.ok("redis", "\(endpoint)")] }
        let primary = server.map { "\($0)" } ?? "unknown"
        return [.ok("redis", "\(endpoint)"), .ok("redis primary", "\(primary), as the sentinels say")]
    }

    private static func program(_ name: String) -> String? {
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    // MARK: Peers

    /// Any answer to a GET will do: nothing that could be taken for an action is sent.
    private func peer(_ name: String, _ url: String?, unset: Check) async -> Check {
        guard let address = url else { return unset }
        let url = SettingName.withoutQuery(address)
        switch await transport.perform(HTTPRequest(.get, address, timeout: Self.peerLimit)) {
        // 501: it knows no GET, which is all right.
        case .success(let response) where response.status >= 500 && response.status != 501:
            return .warn(name, "\(url) answered \(response.status)", "look at its log: it says that it is not well")
        case .success: return .ok(name, "\(url) answers")
        case .failure(.unreachable(let detail)):
            return .fail(name, "\(url): \(detail)", "start it, or correct the URL; check firewalls and certificates")
        case .failure(let failure):
            return .fail(name, "\(url): no answer within \(Self.peerLimit) (\(failure))", "check firewalls and load")
        }
    }

    private func instance() async -> (Check, isServing: Bool) {
        let name = "instance"
        let isNamed = source[.serverURL] != nil
        let url = source[.serverURL] ?? ClientOptions.usualURL
        let api = APIClient(base: url, token: source[.token], transport: transport)
        do throws(Unreachable) {
            let health = try await api.get("/api/health")
            guard health.exit == nil else {
                let advice = "it lives, but cannot work: see the lines above"
                return (.fail(name, "\(url): \(health.complaint)", advice), false)
            }
            let stats = try await api.get("/api/task/stats")
            switch stats.httpStatus {
            case 401: return (.fail(name, "\(url) wants a token", "set KEFU_TOKEN to one of its tokens"), true)
            case 403:
                return (.warn(name, "\(url) answers; this token may not read", "use one of role read or admin"), true)
            default: return (.ok(name, "\(url) answers, version \(health.data["version"].text)"), true)
            }
        } catch {
            let advice = "start it with kefu serve, or set KEFU_URL"
            return (isNamed ? .fail(name, "\(error)", advice) : .warn(name, "\(error)", advice), false)
        }
    }
}
