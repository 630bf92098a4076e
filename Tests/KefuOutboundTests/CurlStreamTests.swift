import KefuOutbound
import TestSupport
import Testing

@Suite struct CurlStreamTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"

    /// All pieces up to the end; bytes that follow one another are one piece.
    private func pieces(of stream: CurlStream) async -> [CurlStream.Piece] {
        var pieces: [CurlStream.Piece] = []
        while true {
            let piece = await stream.next()
            if case .bytes(let more) = piece, case .bytes(let before) = pieces.last {
                pieces[pieces.count - 1] = .bytes(before + more)
            } else {
                pieces.append(piece)
            }
            if case .end = piece { return pieces }
        }
    }

    @Test func `an answer is handed on piece by piece, and its end at every further call`() async throws {
        let answer = "\(Self.head)transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"
        try await HTTPSink.run(respond: { _ in .bytes(answer) }) { sink in
            let stream = try CurlStream("\(sink.url)/s?a=1", headers: [("Last-Event-ID", "7-0")])
            #expect(
                await pieces(of: stream) == [
                    .head(status: 200, contentType: "text/event-stream"), .bytes(Array("abcde".utf8)), .end(nil),
                ])
            #expect(await stream.next() == .end(nil))
            #expect(sink.requests[0].path == "/s?a=1" && sink.requests[0].header("last-event-id") == "7-0")
        }
    }

    @Test func `the head comes before the first byte of the body`() async throws {
        try await HTTPSink.run(respond: { _ in .opening("\(Self.head)\r\n") }) { sink in
            let stream = try CurlStream(sink.url)
            #expect(await stream.next() == .head(status: 200, contentType: "text/event-stream"))
            stream.cancel()
            #expect(await stream.next() == .end(.notSent))
            try await sink.until { $0.open == 0 }
        }
    }

    @Test func `a connection that breaks in the middle ends with a failure`() async throws {
        let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
        try await HTTPSink.run(respond: { _ in .bytes(answer) }) { sink in
            let all = try await pieces(of: CurlStream(sink.url))
            #expect(all.dropLast() == [.head(status: 200, contentType: ""), .bytes(Array("abc".utf8))])
            guard case .end(.unreachable) = all.last else {
                Issue.record("\(all)")
                return
            }
        }
    }

    @Test func `nobody listening, and an address that is none, end at once`() async throws {
        guard case .end(.unreachable) = try await CurlStream("http://127.0.0.1:1/").next() else {
            Issue.record("somebody listens on port 1")
            return
        }
        guard case .end(.invalid) = try await CurlStream("file:///etc/passwd").next() else {
            Issue.record("a file was read")
            return
        }
    }

    @Test func `silence beyond its limit ends the stream, and bytes put it off`() async throws {
        var limits = CurlStream.Limits()
        limits.longestSilence = .milliseconds(300)
        try await HTTPSink.run(respond: { _ in .opening("\(Self.head)\r\n: hello\n") }) { [limits] sink in
            let all = try await pieces(of: CurlStream(sink.url, limits: limits))
            #expect(all.count == 3 && all.last == .end(.timedOut))
            try await sink.until { $0.open == 0 }
        }
        try await HTTPSink.run(respond: { _ in .drip }) { [limits] sink in
            let stream = try CurlStream(sink.url, limits: limits)
            let begin = ContinuousClock.now
            var last = await stream.next()
            while ContinuousClock.now - begin < limits.longestSilence * 3 { last = await stream.next() }
            guard case .bytes = last else {
                Issue.record("\(last)")
                return
            }
        }
    }

    @Test func `a reader that is behind makes the peer wait, and then gets everything`() async throws {
        var limits = CurlStream.Limits()
        limits.unread = 64 * 1024
        limits.longestSilence = .milliseconds(200)
        let size = 4 * 1024 * 1024
        let body = String(repeating: "x", count: size)
        try await HTTPSink.run(respond: { _ in .status(200, body: body) }) { [limits] sink in
            let stream = try CurlStream(sink.url, limits: limits)
            #expect(await stream.next() == .head(status: 200, contentType: ""))
            // Longer than the longest silence, during which nothing is read: the time passes at the peer.
            try await HTTPSink.run(respond: { _ in .late(.milliseconds(500), .status(200)) }) { clock in
                _ = try await pieces(of: CurlStream(clock.url))
            }
            var longest = 0
            var sum = 0
            while case .bytes(let bytes) = await stream.next() {
                longest = max(longest, bytes.count)
                sum += bytes.count
            }
            #expect(sum == size)
            #expect(longest <= limits.unread)
            #expect(await stream.next() == .end(nil))
        }
    }

    @Test func `a cancelled task does not wait for the next piece`() async throws {
        try await HTTPSink.run(respond: { _ in .opening("\(Self.head)\r\n") }) { sink in
            let stream = try CurlStream(sink.url)
            let task = Task {
                while true {
                    if case .end(let failure) = await stream.next() { return failure }
                }
            }
            _ = try await sink.requests(atLeast: 1)
            task.cancel()
            #expect(await task.value == .notSent)
            try await sink.until { $0.open == 0 }
        }
    }
}
