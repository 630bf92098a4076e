import KefuCore

/// Keeps an eye on how Redis is set up, so that a health check need not ask: after each new connection, and now and
/// then.
struct Lookout: Sendable {
    /// Calls of ``RedisTaskStore/look()`` between two looks; about half a minute.
    private static let period = 6

    fileprivate(set) var warnings: [StoreWarning] = []
    private var connectionsSeen = -1
    private var rest = 0

    /// Whether it is time.
    fileprivate mutating func isDue(connections: Int) -> Bool {
        rest -= 1
        guard rest <= 0 || connections != connectionsSeen else { return false }
        connectionsSeen = connections
        rest = Self.period
        return true
    }
}

extension RedisTaskStore {
    package var warnings: [StoreWarning] { lookout.withLock { $0.warnings } }

    package func trouble(behind error: StoreError) -> StoreTrouble {
        switch error {
        case .unavailable(let reason), .outcomeUnknown(let reason), .defect(let reason):
            RedisTrouble(reason).explanation
        }
    }

    /// To be called with every heartbeat. A user who may not ask is not warned; `kefu doctor` says so.
    func look() async throws(StoreError) {
        let connections = client.connectionsMade
        guard lookout.withLock({ $0.isDue(connections: connections) }) else { return }
        let reply: RESPValue
        do { reply = try await client.command("INFO") } catch { throw StoreError(error) }
        guard let text = reply.text else { return }
        let warnings = RedisInfo(text).warnings(replicasNeeded: client.replicasToConfirm)
        lookout.withLock { $0.warnings = warnings }
    }
}
