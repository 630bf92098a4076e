import KefuCore

/// Who answers.
package struct InstanceIdentity: Sendable {
    package var id: String
    package var version: String
    package var startedAt: ContinuousClock.Instant

    package init(id: String, version: String, startedAt: ContinuousClock.Instant = .now) {
        self.id = id
        self.version = version
        self.startedAt = startedAt
    }
}

// Whether this instance is of use to callers, and whether it lives at all.
extension APIRoutes {
    /// Redis has to answer within this time.
    static let pingLimit = Duration.seconds(1)

    func health(_ request: Request) async throws(APIError) -> Answer {
        let trouble = await Self.trouble(within: Self.pingLimit, store)
        let status = drain.isDraining ? "draining" : trouble == nil ? "ok" : "unavailable"
        let identity = { (writer: inout JSONWriter) in
            writer.health(instance, status: status, redis: trouble?.word ?? "ok", warnings: store.warnings)
        }
        if trouble == nil, !drain.isDraining { return .success("服务正常", data: identity) }
        let error = APIError(
            503, .unavailable, trouble.map { "服务不可用：\($0.message)" } ?? "服务正在停止",
            detail: trouble?.detail ?? "this instance is draining"
        ).retry(afterSeconds: 1)
        return .failure(error, data: identity)
    }

    func healthLive(_ request: Request) async throws(APIError) -> Answer {
        .success("服务存活") { $0.health(instance, status: "ok") }
    }

    /// What is wrong with the store; nil when it answers in time. A late answer is dropped.
    private static func trouble(within limit: Duration, _ store: any TaskStore) async -> StoreTrouble? {
        let (first, outcome) = AsyncStream.makeStream(of: StoreTrouble?.self, bufferingPolicy: .bufferingOldest(1))
        Task {
            do throws(StoreError) {
                try await store.ping()
                outcome.yield(nil)
            } catch {
                outcome.yield(store.trouble(behind: error))
            }
        }
        let clock = Task {
            // Cancelled when the call was faster; then nobody listens any more.
            try? await Task.sleep(for: limit)
            outcome.yield(.silence)
        }
        defer { clock.cancel() }
        return await first.first { _ in true } ?? .silence
    }
}

extension JSONWriter {
    fileprivate mutating func health(
        _ instance: InstanceIdentity, status: String, redis: String? = nil, warnings: [StoreWarning] = []
    ) {
        beginObject()
        key("status")
        string(status)
        if let redis {
            key("redis")
            string(redis)
            key("warnings")
            beginArray()
            for warning in warnings {
                beginObject()
                key("type")
                string(warning.word)
                key("detail")
                string(warning.detail)
                endObject()
            }
            endArray()
        }
        key("instance")
        string(instance.id)
        key("version")
        string(instance.version)
        key("uptime_seconds")
        int((ContinuousClock.now - instance.startedAt).components.seconds)
        endObject()
    }
}
