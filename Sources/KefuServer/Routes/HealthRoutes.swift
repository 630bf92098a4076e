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
        let isReachable = await Self.answers(within: Self.pingLimit, store.ping)
        let status = drain.isDraining ? "draining" : isReachable ? "ok" : "unavailable"
        let identity = { (writer: inout JSONWriter) in
            writer.health(instance, status: status, redis: isReachable ? "ok" : "unreachable")
        }
        if isReachable, !drain.isDraining { return .success("服务正常", data: identity) }
        let error = APIError(
            503, .unavailable, isReachable ? "服务正在停止" : "服务不可用：任务存储没有响应",
            detail: isReachable ? "this instance is draining" : "Redis did not answer in time"
        ).retry(afterSeconds: 1)
        return .failure(error, data: identity)
    }

    func healthLive(_ request: Request) async throws(APIError) -> Answer {
        .success("服务存活") { $0.health(instance, status: "ok", redis: nil) }
    }

    /// Whether `call` succeeds in time. One that is late goes on by itself; its outcome is dropped.
    private static func answers(
        within limit: Duration, _ call: @escaping @Sendable () async throws(StoreError) -> Void
    ) async -> Bool {
        let (first, outcome) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingOldest(1))
        Task {
            do throws(StoreError) {
                try await call()
                outcome.yield(true)
            } catch {
                outcome.yield(false)
            }
        }
        let clock = Task {
            // Cancelled when the call was faster; then nobody listens any more.
            try? await Task.sleep(for: limit)
            outcome.yield(false)
        }
        defer { clock.cancel() }
        return await first.first { _ in true } ?? false
    }
}

extension JSONWriter {
    fileprivate mutating func health(_ instance: InstanceIdentity, status: String, redis: String?) {
        beginObject()
        key("status")
        string(status)
        if let redis {
            key("redis")
            string(redis)
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
