import Testing

@testable import KefuBench

/// What the ceilings send to Redis and read from it.
@Suite struct RESPTests {
    @Test(arguments: [
        (":0\r\n", 4), ("+OK\r\n:1\r\n", 5), ("$-1\r\n", 5), ("$3\r\nabc\r\n", 9), ("$0\r\n\r\n", 6), ("*0\r\n", 4),
        ("*-1\r\n", 5), ("*3\r\n$8\r\naccepted\r\n:1\r\n*1\r\n$2\r\n\r\n\r\n:7\r\n", 34), ("-ERR no\r\n", 9),
    ])
    func `A reply ends where its last part ends, and not before all of it has come`(reply: String, length: Int) {
        let bytes = Array(reply.utf8)
        #expect(bytes.withUnsafeBytes { RESP.replyLength($0) } == length)
        for count in 0..<length {
            #expect(bytes.prefix(count).withUnsafeBytes { RESP.replyLength($0) } == nil)
        }
    }

    @Test func `What MONITOR quotes is sent again byte by byte`() {
        let line = #" "EVALSHA" "ab" "" "a \"b\" \\ \n\r\t" "\xe5\xa5\xbd""#
        let arguments = RESP.unquoted(line[...])
        #expect(
            arguments.map { String(decoding: $0, as: UTF8.self) } == ["EVALSHA", "ab", "", "a \"b\" \\ \n\r\t", "好"])
        #expect(String(decoding: RESP.command(arguments.suffix(1)), as: UTF8.self) == "*1\r\n$3\r\n好\r\n")
    }

    @Test func `A number stands in every place of a request, its customer's beside it`() {
        let body = "\(TaskText.task) \(TaskText.customer) \(TaskText.task)"
        var single = RequestTemplate(bytes: Array(body.utf8), perCustomer: 10)
        #expect(String(decoding: single.numbered(1234), as: UTF8.self) == "001234 000123 001234")
        var batch = RequestTemplate(path: "/", body: TaskText.task, copies: 3)
        #expect(String(decoding: batch.numbered(9), as: UTF8.self).hasSuffix("[000009,000010,000011]"))
    }
}
