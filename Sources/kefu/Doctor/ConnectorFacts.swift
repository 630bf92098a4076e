import KefuRedis

/// What Redis says about the connection to the platform.
struct ConnectorFacts: Equatable {
    /// The id of the instance that holds it; nil: none does.
    var owner: String?
    /// Until the holder's lease ends, in milliseconds; negative when it has ended.
    var leftMs: Int64 = 0
    /// Since the holder took it over.
    var heldMs: Int64?
    /// Since the connection came up; nil: it is not.
    var connectedMs: Int64?
    /// Since the last frame came; nil: none ever did.
    var silentMs: Int64?

    init() {}

    /// - Throws: when Redis does not answer.
    init(asking client: RedisClient) async throws(RedisClientError) {
        let row = try await client.command("HGETALL", .string(Keys().connector)).array ?? []
        let time = try await client.command("TIME").array ?? []
        let now = time.first?.text.flatMap { Int64($0) }.map { $0 * 1000 } ?? 0
        var fields: [String: String] = [:]
        for index in stride(from: 0, to: row.count - 1, by: 2) {
            if let name = row[index].text { fields[name] = row[index + 1].text }
        }
        func age(_ name: String) -> Int64? { fields[name].flatMap { Int64($0) }.map { max(0, now - $0) } }
        owner = fields["owner"]
        leftMs = (fields["expires_at"].flatMap { Int64($0) } ?? 0) - now
        heldMs = age("since")
        connectedMs = age("connected_at")
        silentMs = age("last_frame_at")
    }

    /// Redis tells whole seconds here.
    private static let slackMs: Int64 = 1000

    /// - Parameter url: the platform's, without secrets.
    func check(_ url: String) -> Check {
        let name = "connector"
        guard let owner, leftMs > -Self.slackMs else {
            return .warn(name, "\(url): no instance holds the connection", "start one with KEFU_CONNECTOR_URL")
        }
        guard let connectedMs else {
            return .fail(
                name, "\(url): \(owner) has been trying for \(Self.seconds(heldMs))",
                "look at its log: address, certificate (KEFU_CONNECTOR_CA), sign-in (KEFU_CONNECTOR_HEADERS, _HELLO)")
        }
        let held = "\(url): held by \(owner), up for \(Self.seconds(connectedMs))"
        guard let silentMs else {
            return .warn(name, "\(held), no frame came", "does the platform want a sign-in, or a subscription?")
        }
        return .ok(name, "\(held), last frame \(Self.seconds(silentMs)) ago")
    }

    private static func seconds(_ ms: Int64?) -> String { "\((ms ?? 0) / 1000) s" }
}
