import KefuCore
import Testing

@Suite struct JSONWriterTests {
    @Test("Members and elements are parted by commas, at any depth")
    func structure() {
        var json = JSONWriter()
        json.beginObject()
        json.key("a")
        json.beginArray()
        json.int(1)
        json.string("x")
        json.null()
        json.beginObject()
        json.endObject()
        json.endArray()
        json.key("键")
        json.bool(true)
        json.key("r")
        json.raw(#"{"x":[1]}"#)
        json.key("n")
        json.string(nil)
        json.endObject()
        #expect(json.text == #"{"a":[1,"x",null,{}],"键":true,"r":{"x":[1]},"n":null}"#)
    }

    @Test(
        "Strings are escaped as far as JSON asks for",
        arguments: [
            ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t\u{8}\u{1F}\0", #""\n\r\t\u0008\u001f\u0000""#), ("好的😹/", #""好的😹/""#),
            ("", "\"\""), ("\u{7F}\u{2028}", "\"\u{7F}\u{2028}\""),
        ])
    func escapes(_ text: String, _ json: String) {
        #expect(quoted(text) == json)
    }

    @Test("Integers are written whole, the extremes included", arguments: [0, 7, -1, 1_760_000_000_123, .max, .min])
    func integers(_ value: Int64) {
        var json = JSONWriter()
        json.int(value)
        #expect(json.text == String(value))
    }

    @Test("Whatever is written can be read back")
    func roundTrip() {
        let text = String(String.UnicodeScalarView((1...0x2FFFF).compactMap(Unicode.Scalar.init)))
        for part in stride(from: 0, to: text.unicodeScalars.count, by: 997) {
            let piece = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(part).prefix(50)))
            let read = reading(quoted(piece).utf8) { (body) throws(InputError) in
                try JSONReader.read(body) { $0.string.map { Array($0.utf8) } }
            }
            #expect(read.value == Array(piece.utf8))
        }
    }
}
