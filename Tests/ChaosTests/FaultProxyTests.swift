import Synchronization
import TestSupport
import Testing

/// The proxy between everything, tried on one HTTP exchange.
@Suite(.timeLimit(.minutes(1)))
struct FaultProxyTests {
    private let request = Wire.request("POST", "/x", body: Array("hello".utf8))

    @Test func `in clear weather all passes`() async throws {
        try await proxied { proxy, sink async throws in
            #expect(try await ask(proxy) == "answer")
            #expect(sink.requests.map(\.text) == ["hello"])
        }
    }

    @Test func `an answer is cut, and the request has arrived`() async throws {
        try await proxied { proxy, sink async throws in
            let sprung = Flag()
            proxy.set(.init(.answer, bytes: 7) { sprung.raise() })
            #expect(try await ask(proxy) == nil)
            #expect(sprung.isUp && sink.requests.count == 1)
            #expect(try await ask(proxy) == "answer", "a trap springs once")
        }
    }

    @Test func `a request is cut, and nothing arrives`() async throws {
        try await proxied { proxy, sink async throws in
            let trap = proxy.set(.init(.request))
            #expect(try await ask(proxy) == nil)
            #expect(sink.log.heads == 0)
            #expect(!proxy.remove(trap))
        }
    }

    @Test func `a trap lets parts pass before it springs`() async throws {
        try await proxied { proxy, _ async throws in
            proxy.set(.init(.request, skip: 1))
            #expect(try await ask(proxy) == "answer")
            #expect(try await ask(proxy) == nil)
        }
    }

    @Test func `what is held comes when the weather changes, also after its sender has gone`() async throws {
        try await proxied { proxy, sink async throws in
            proxy.setWeather(.holding(.request))
            let parts = proxy.tally.parts
            let asking = Task { try await ask(proxy) }
            try await eventually("the request is held") { proxy.tally.parts > parts }
            #expect(sink.log.heads == 0)
            asking.cancel()
            // It was cancelled, so it has no answer.
            _ = try? await asking.value
            #expect(sink.log.heads == 0)
            proxy.setWeather(.clear)
            #expect(try await sink.requests(atLeast: 1).map(\.text) == ["hello"])
        }
    }

    @Test func `a trap that breaks nothing is sprung before the part passes`() async throws {
        try await proxied { proxy, sink async throws in
            let sprung = Flag()
            proxy.set(.init(.request, bytes: nil) { if sink.log.heads == 0 { sprung.raise() } })
            #expect(try await ask(proxy) == "answer")
            #expect(sprung.isUp)
        }
    }

    @Test func `refused connections do not reach the other side`() async throws {
        try await proxied { proxy, sink async throws in
            proxy.setWeather(.refusing)
            #expect(try await ask(proxy) == nil)
            #expect(sink.log.connections == 0 && proxy.tally.refused == 1)
            proxy.setWeather(.slow(.milliseconds(5)))
            #expect(try await ask(proxy) == "answer")
        }
    }

    private func proxied(_ body: (FaultProxy, HTTPSink) async throws -> Void) async throws {
        try await HTTPSink.run(respond: { _ in .status(200, body: "answer") }) { sink in
            let proxy = try await FaultProxy.start(to: .tcp(port: sink.port))
            do { try await body(proxy, sink) } catch {
                await proxy.stop()
                throw error
            }
            await proxy.stop()
        }
    }

    /// The body of the answer; nil when there was none.
    private func ask(_ proxy: FaultProxy) async throws -> String? {
        try await Wire.exchange(port: proxy.port, request).answers.first?.body
    }
}
