import KefuSocket
import Testing

@Suite struct HandshakeKeyTests {
    /// The example of RFC 6455, section 1.3.
    @Test func `The answer to a key is the standard's`() {
        #expect(HandshakeKey.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test(arguments: ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=+", "dGhlIHNhbXBsZSBub25jZ\u{e9}=="])
    func `A key that is not 16 bytes in base64 is none`(key: String) { #expect(!HandshakeKey.isValid(key)) }

    @Test func `Keys of ours are valid and differ`() {
        let keys = (0..<100).map { _ in HandshakeKey.random() }
        #expect(keys.allSatisfy(HandshakeKey.isValid))
        #expect(Set(keys).count == keys.count)
    }
}
