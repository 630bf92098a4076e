import KefuCore

// Keeps an eye on how Redis is set up, so that a health check need not ask.
extension RedisTaskStore {
    package var warnings: [StoreWarning] { lookout.withLock { $0 } }

    package func trouble(behind error: StoreError) -> StoreTrouble {
        switch error {
        case .unavailable(let reason), .outcomeUnknown(let reason), .defect(let reason):
            RedisTrouble(reason).explanation
        }
    }

    /// To be called with every heartbeat. A user who may not ask is not warned; `kefu doctor` says so.
    func look() async throws(StoreError) {
        let reply: RESPValue
        do { reply = try await client.command("INFO") } catch { throw StoreError(error) }
        guard let text = reply.text else { return }
        let warnings = RedisInfo(text).warnings(replicasNeeded: client.replicasToConfirm)
        lookout.withLock { $0 = warnings }
    }
}
