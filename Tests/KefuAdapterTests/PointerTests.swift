import KefuCore
import Testing

@testable import KefuAdapter

/// RFC 6901.
@Suite struct PointerTests {
    private static let document = Array(
        #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8,"好":[[9]],"n":null}"#
            .utf8)

    /// The examples of its section 5, and some more.
    private static let found: [(pointer: String, json: String)] = [
        ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/foo/1", #""baz""#), ("/", "0"), ("/a~1b", "1"),
        ("/c%d", "2"), ("/e^f", "3"), ("/g|h", "4"), (#"/i\j"#, "5"), (#"/k"l"#, "6"), ("/ ", "7"), ("/m~0n", "8"),
        ("/好/0/0", "9"), ("/n", "null"),
    ]
    private static let missing = [
        "/bar", "/foo/2", "/foo/00", "/foo/-", "/foo/01", "/foo/bar", "/foo/0/0", "/n/x", "//",
    ]
    private static let malformed = ["foo", "/~", "/~2", "/a~", " /foo", String(repeating: "/a", count: 33)]

    @Test func `A pointer leads where the RFC says, in what was read and in what is kept`() throws {
        let kept = try JSONValue(parsing: Self.document)
        for (text, json) in Self.found {
            let pointer = try #require(JSONPointer(text))
            let place = try JSONReader.read(Self.document, freeKeys: true) { pointer.find(in: $0)?.compactJSON }
            #expect(place == json, "\(text)")
            #expect(pointer.find(in: kept)?.text == json, "\(text)")
        }
        #expect(JSONPointer("")?.find(in: kept) == kept)
        for text in Self.missing {
            let pointer = try #require(JSONPointer(text))
            #expect(pointer.find(in: kept) == nil, "\(text)")
            #expect(try JSONReader.read(Self.document, freeKeys: true) { pointer.find(in: $0) == nil }, "\(text)")
        }
    }

    @Test func `What is no pointer is refused`() {
        #expect(Self.malformed.filter { JSONPointer($0) != nil } == [])
    }
}
