import Testing

@testable import kefu

struct EventStreamParserTests {
    private func events(_ text: String, piece: Int = .max) throws -> [ServerSentEvent] {
        var parser = EventStreamParser()
        var rest = Array(text.utf8)[...]
        var events: [ServerSentEvent] = []
        while !rest.isEmpty {
            events += try parser.take(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
        return events
    }

    private static func event(_ data: String, type: String = "message", id: String = "") -> ServerSentEvent {
        ServerSentEvent(type: type, data: data, id: id)
    }

    /// The examples of the specification, and its corners.
    @Test(arguments: [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [event("YHOO\n+2\n10")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [event("first event", id: "1"), event("second event"), event(" third event")]
        ),
        ("data\n\ndata\ndata\n\ndata:", [event(""), event("\n")]),
        ("data:test\n\ndata: test\n\n", [event("test"), event("test")]),
        ("event: task\nid: 7-0\ndata: {}\n\n", [event("{}", type: "task", id: "7-0")]),
        ("event: a\n\ndata: b\n\n", [event("b")]),
        ("id: 1\n\ndata: b\n\n", [event("b", id: "1")]),
        ("id: 1\ndata: a\n\nid: 2\u{0}3\ndata: b\n\n", [event("a", id: "1"), event("b", id: "1")]),
        ("\u{FEFF}data: a\n\n", [event("a")]),
        ("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", [event("b")]),
        ("data: a\n\n\u{FEFF}data: b\n\n", [event("a")]),
        ("data: 好的\u{2028}好\n\n", [event("好的\u{2028}好")]),
        ("Data: a\n data: b\nunknown: c\ndata : d\n:data: e\n\n", []),
        ("data: never ended\n", []),
        ("data: a:b: c\n\n", [event("a:b: c")]),
    ])
    func `a stream means the same with every line end, however it is cut`(
        text: String, expected: [ServerSentEvent]
    ) throws {
        for lineEnd in ["\n", "\r\n", "\r"] {
            let written = text.replacing("\n", with: lineEnd)
            for piece in [1, 2, 3, 7, .max] {
                #expect(try events(written, piece: piece) == expected, "\(lineEnd.debugDescription), by \(piece)")
            }
        }
    }

    @Test func `line ends may be mixed, and a return and a line feed are one of them`() throws {
        #expect(try events("data: a\r\ndata: b\rdata: c\n\r\n") == [Self.event("a\nb\nc")])
        #expect(try events("data: a\n\r") == [Self.event("a")])
    }

    @Test func `bytes that are not UTF-8 are replaced, and what follows is read`() throws {
        var parser = EventStreamParser()
        let bytes = Array("data: a".utf8) + [0xFF] + Array("b\n\ndata: c\n\n".utf8)
        #expect(try parser.take(bytes).map(\.data) == ["a\u{FFFD}b", "c"])
    }

    @Test(arguments: [("retry: 1500\n", 1500), ("retry: -1\n", nil), ("retry:\n", nil), ("retry: 1s\n", nil)])
    func `only digits are a time to wait`(text: String, expected: Int?) throws {
        var parser = EventStreamParser()
        #expect(try parser.take(text.utf8) == [])
        #expect(parser.retryMs == expected)
    }

    @Test func `the id to go on behind is that of the last event that was ended`() throws {
        var parser = EventStreamParser()
        _ = try parser.take("id: 1\ndata: a\n\nid: 2\ndata: b\n".utf8)
        #expect(parser.lastEventID == "1")
        _ = try parser.take("\n".utf8)
        #expect(parser.lastEventID == "2")
    }

    @Test func `what has no end is not kept`() throws {
        var parser = EventStreamParser()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1024 * 1024)
        #expect(throws: EventStreamParser.TooLong()) {
            for _ in 0...EventStreamParser.longestLine / piece.count { _ = try parser.take(piece) }
        }
        var lines = EventStreamParser()
        let line = Array("data: ".utf8) + piece + [UInt8(ascii: "\n")]
        #expect(throws: EventStreamParser.TooLong()) {
            for _ in 0...EventStreamParser.longestData / piece.count { _ = try lines.take(line) }
        }
    }
}
