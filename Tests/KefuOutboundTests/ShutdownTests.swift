import KefuOutbound
import TestSupport
import Testing

@Suite struct ShutdownTests {
    @Test func `shutting down ends what runs as unreachable and what waits as not sent`() async throws {
        var limits = CurlTransport.Limits()
        limits.transfers = 30
        let transport = try CurlTransport(limits: limits)
        try await HTTPSink.run(respond: { _ in .silence }) { sink in
            let results = try await withThrowingTaskGroup(of: HTTPResult.self) { group in
                for _ in 1...50 {
                    group.addTask { await transport.perform(HTTPRequest(.post, sink.url, body: [1])) }
                }
                _ = try await sink.requests(atLeast: 30)
                transport.shutdown()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0.isUnreachable } == 30)
            #expect(results.count { $0 == .failure(.notSent) } == 20)
            #expect(sink.requests.count == 30)
            try await sink.until { $0.open == 0 }
        }
    }

    @Test func `after the shutdown nothing is sent any more`() async throws {
        try await HTTPSink.run { sink in
            let transport = try CurlTransport()
            transport.shutdown()
            transport.shutdown()
            #expect(await transport.perform(HTTPRequest(.post, sink.url, body: [1])) == .failure(.notSent))
            #expect(sink.log.connections == 0)
        }
    }

    @Test func `requests that race with the shutdown all get an answer`() async throws {
        try await HTTPSink.run { sink in
            for _ in 1...20 {
                let transport = try CurlTransport()
                await withDiscardingTaskGroup { group in
                    for _ in 1...20 {
                        group.addTask { _ = await transport.perform(HTTPRequest(.post, sink.url, body: [1])) }
                    }
                    group.addTask { transport.shutdown() }
                }
            }
        }
    }

    @Test func `a transport that is just dropped closes its connections`() async throws {
        try await HTTPSink.run { sink in
            var transport: CurlTransport? = try CurlTransport()
            let result = await transport?.perform(HTTPRequest(.post, sink.url, body: [1]))
            #expect(result?.response?.status == 200)
            transport = nil
            try await sink.until { $0.open == 0 }
        }
    }
}
