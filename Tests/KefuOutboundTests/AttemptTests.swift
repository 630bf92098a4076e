import KefuOutbound
import Synchronization
import TestSupport
import Testing

/// One attempt is one request at most, and none at all once the lease says no.
@Suite struct AttemptTests {
    @Test(arguments: [HTTPRequest.Method.post, .put])
    func `a reused connection that dies after the request is one attempt and one request`(
        method: HTTPRequest.Method
    ) async throws {
        try await HTTPSink.run(respond: { $0.numberOnConnection > 1 ? .close : .status(200) }) { sink in
            try await withTransport { transport in
                for attempt in 1...300 {
                    let result = await transport.perform(HTTPRequest(method, sink.url, body: Array("{}".utf8)))
                    // The first of each connection is answered, the second meets its end.
                    #expect(attempt.isMultiple(of: 2) ? result.isUnreachable : result.response?.status == 200)
                    #expect(sink.log.heads == attempt)
                }
            }
        }
    }

    @Test func `a pool of dying connections is one request an attempt as well`() async throws {
        try await HTTPSink.run { sink in
            try await withTransport { transport in
                var attempts = 0
                for _ in 1...20 {
                    let gate = HTTPSink.Gate()
                    sink.respond { _ in .held(by: gate, .status(200)) }
                    async let filled: Void = Self.attempt(6, over: transport, to: sink.url)
                    attempts += 6
                    _ = try await sink.requests(atLeast: attempts)
                    gate.open()
                    await filled
                    sink.respond { _ in .close }
                    await Self.attempt(6, over: transport, to: sink.url)
                    attempts += 6
                    #expect(sink.log.heads == attempts)
                }
            }
        }
    }

    @Test func `an empty POST is not repeated either`() async throws {
        try await HTTPSink.run(respond: { $0.number > 1 ? .close : .status(200) }) { sink in
            try await withTransport { transport in
                for _ in 1...5 { _ = await transport.perform(HTTPRequest(.post, sink.url)) }
                #expect(sink.log.heads == 5)
            }
        }
    }

    @Test func `nothing is sent when the lease is gone before the hand-over`() async throws {
        try await HTTPSink.run { sink in
            let request = HTTPRequest(.post, sink.url, body: [1], maySend: { false })
            let result = try await withTransport { await $0.perform(request) }
            #expect(result == .failure(.notSent))
            #expect(sink.log.connections == 0)
        }
    }

    @Test(arguments: [false, true])
    func `nothing is sent when the lease is gone once the connection is up`(reused: Bool) async throws {
        try await HTTPSink.run { sink in
            try await withTransport { transport in
                if reused { _ = await transport.perform(HTTPRequest(.post, sink.url, body: [1])) }
                let asked = Mutex(0)
                let request = HTTPRequest(
                    .post, sink.url, body: [1],
                    maySend: {
                        asked.withLock { asked in
                            asked += 1
                            return asked == 1
                        }
                    })
                #expect(await transport.perform(request) == .failure(.notSent))
                #expect(asked.withLock { $0 } == 2)
                // What comes next is not disturbed, and shows that nothing was under way before it.
                #expect(await transport.perform(HTTPRequest(.post, sink.url, body: [2])).response?.status == 200)
                #expect(sink.requests.map(\.body) == (reused ? [[1], [2]] : [[2]]))
                #expect(sink.log.heads == sink.requests.count)
            }
        }
    }

    private static func attempt(_ count: Int, over transport: CurlTransport, to url: String) async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<count {
                group.addTask { _ = await transport.perform(HTTPRequest(.post, url, body: [1, 2, 3])) }
            }
        }
    }
}
