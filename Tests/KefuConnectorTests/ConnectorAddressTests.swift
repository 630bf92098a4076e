import KefuConnector
import Testing

@Suite struct ConnectorAddressTests {
    @Test(arguments: [
        ("ws://a", "a", 80, "/", false), ("WSS://a.b/c?d=e", "a.b", 443, "/c?d=e", true),
        ("ws://a:81?x", "a", 81, "/?x", false), ("wss://[::1]:9/x", "::1", 9, "/x", true),
        ("ws://[::1]", "::1", 80, "/", false),
    ])
    func `An address is scheme, host, port and target`(
        url: String, host: String, port: Int, target: String, isEncrypted: Bool
    ) throws {
        let address = try #require(ConnectorAddress(url))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.target == target)
        #expect(address.isEncrypted == isEncrypted)
    }

    @Test(arguments: [
        "", "ws:", "http://a", "ws://", "ws://u:p@a", "ws://a#b", "ws://a:0", "ws://a:x", "ws://a:70000", "ws://a b",
        "ws://::1", "ws://a\r\nb", "ws:///x",
    ])
    func `What is no such address is refused`(url: String) { #expect(ConnectorAddress(url) == nil) }

    @Test func `The query is not shown`() {
        #expect(ConnectorAddress("wss://a/b?token=s3cret").map { "\($0)" } == "wss://a/b?***")
    }
}
