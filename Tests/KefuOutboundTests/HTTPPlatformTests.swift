import KefuCore
import KefuOutbound
import TestSupport
import Testing

/// Requests of a platform's own shape, whose URLs have customers' values in them.
@Suite struct HTTPPlatformTests {
    private func exchange(_ url: String) async throws -> PlatformAnswer {
        try await withTransport { transport in
            await HTTPPlatform(peer: "platform", secret: nil, transport: transport).exchange(
                PlatformRequest(method: .post, url: url, headers: [], body: [1], timeout: .seconds(5)))
        }
    }

    @Test(arguments: ["/v1/../messages", "/v1/.", "/..", "/v1/%2E%2e/x", "/v1/.%2e?a=1", "/./x", "/v1/%2e#x"])
    func `a path that would be another's is refused and nothing is sent`(path: String) async throws {
        try await HTTPSink.run { sink in
            guard case .invalid(let detail) = try await exchange(sink.url + path) else {
                Issue.record("sent")
                return
            }
            #expect(detail.contains("not sent"))
            #expect(sink.log.connections == 0)
        }
    }

    @Test(arguments: ["/v1/..a/...", "/v1/.a", "/v1?x=/../y", "/%2e%2e%2e"])
    func `dots in other places are nothing special`(path: String) async throws {
        try await HTTPSink.run { sink in
            guard case .answered(status: 200, _, _, _, _) = try await exchange(sink.url + path) else {
                Issue.record("not sent")
                return
            }
            #expect(sink.requests.map(\.path) == [path])
        }
    }
}
