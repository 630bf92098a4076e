import KefuCore
import Testing

/// The cases follow the naming of the public JSONTestSuite: `y` must be read, `n` refused; what it leaves open (`i`)
/// is decided here.
@Suite struct JSONReaderTests {
    private func read(_ bytes: some Sequence<UInt8>) -> Result<String, InputError> {
        reading(bytes) { (body) throws(InputError) in try JSONReader.read(body) { $0.compactJSON } }
    }

    @Test("Valid JSON is read and written back compact", arguments: JSONCases.valid)
    func valid(_ json: String, _ compact: String) {
        #expect(read(json.utf8) == .success(compact))
    }

    @Test("JSON that is not strict is refused", arguments: JSONCases.invalid)
    func invalid(_ json: String) {
        #expect(read(json.utf8).error?.kind == .invalidJSON)
    }

    @Test("Bytes that are not UTF-8 are refused where they stand", arguments: JSONCases.notUTF8)
    func notUTF8(_ bytes: [UInt8]) {
        let quote = [UInt8(ascii: "\"")]
        let error = read(quote + bytes + quote).error
        #expect(error?.kind == .invalidJSON)
        #expect(error?.detail == "not UTF-8 (at byte 1)")
    }

    @Test("Other encodings and a byte order mark are refused", arguments: JSONCases.otherEncodings)
    func otherEncodings(_ bytes: [UInt8]) {
        #expect(read(bytes).error?.kind == .invalidJSON)
    }

    @Test("The error says which byte is to blame", arguments: JSONCases.offsets)
    func offsets(_ json: String, _ offset: Int) {
        #expect(read(json.utf8).error?.detail.hasSuffix("(at byte \(offset))") == true)
    }

    @Test("A valid task that is cut anywhere is refused as JSON")
    func truncation() {
        let task = Array(ObjectText.task.with("priority", "\"high\"").with("timeout_hours", "2.5e1").text.utf8)
        for length in 0..<task.count {
            let error = reading(task.prefix(length)) { (body) throws(InputError) in try requests.task(body) }.error
            #expect(error?.kind == .invalidJSON, "cut at \(length)")
        }
    }

    @Test("32 arrays and objects inside each other are read, 33 are not")
    func depth() {
        #expect(read((String(repeating: "[", count: 32) + String(repeating: "]", count: 32)).utf8).error == nil)
        #expect(read((String(repeating: "[", count: 33) + String(repeating: "]", count: 33)).utf8).error != nil)
        let objects = String(repeating: #"{"a":"#, count: 32) + "1" + String(repeating: "}", count: 32)
        #expect(read(objects.utf8).error == nil)
        #expect(read("{\"a\":\(objects)}".utf8).error?.detail == "nested deeper than 32 (at byte 160)")
        #expect(read(String(repeating: "[", count: 100_000).utf8).error?.kind == .invalidJSON)
    }

    @Test("Keys are short and, outside of data and where, ASCII")
    func keys() {
        let long = String(repeating: "k", count: 64)
        #expect(read("{\"\(long)\":1}".utf8).error == nil)
        #expect(read("{\"\(long)k\":1}".utf8).error?.kind == .invalidJSON)
        #expect(read(#"{"键":1}"#.utf8).error?.kind == .invalidJSON)
        #expect(read(#"{"\u952e":1}"#.utf8).error?.kind == .invalidJSON)
        #expect(read(#"{"data":{"键":{"é":[{"值":1}]}},"where":{"金额":1}}"#.utf8).error == nil)
        #expect(read(#"{"data":{"键":1},"键":1}"#.utf8).error?.kind == .invalidJSON)
        #expect(read(#"{"x":[{"data":[1]},{"键":1}]}"#.utf8).error?.kind == .invalidJSON)
        #expect(read(("{\"data\":{\"" + String(repeating: "键", count: 22) + "\":1}}").utf8).error != nil)
    }

    @Test("Among many keys a repeated one is found, however it is written", arguments: [2, 15, 16, 17, 40, 5000])
    func duplicates(_ count: Int) {
        let keys = (0..<count).map { "\"k\($0)\":[\($0),{\"k0\":0}]" }.joined(separator: ",")
        #expect(read("{\(keys)}".utf8).error == nil)
        #expect(read("{\(keys),\"k\(count / 2)\":0}".utf8).error?.detail.hasPrefix("duplicate key") == true)
        #expect(read("{\(keys),\"\\u006b\(count - 1)\":0}".utf8).error?.detail.hasPrefix("duplicate key") == true)
        #expect(read("{\"\\u006b0\":0,\(keys)}".utf8).error?.detail.hasPrefix("duplicate key") == true)
    }

    @Test("Keys that only look the same are two: bytes decide")
    func keysAreBytes() {
        #expect(read("{\"data\":{\"\u{E9}\":1,\"e\u{301}\":2}}".utf8).error == nil)
    }

    @Test("Hostile bodies are read to their end or refused")
    func hostile() {
        let marks = String(repeating: "\u{301}\u{323}", count: 65_000)
        #expect(read("{\"\(marks)\":1}".utf8).error?.kind == .invalidJSON)
        let escaped = String(repeating: #"\u0301\u0323"#, count: 20_000)
        #expect(read("{\"data\":{\"\(escaped)\":1}}".utf8).error?.kind == .invalidJSON)
        let keys = (0..<200_000).map { "\"\(String($0, radix: 36))\":1" }.joined(separator: ",")
        #expect(read("{\(keys)}".utf8).error == nil)
        #expect(read("{\(keys),\"0\":1}".utf8).error?.detail.hasPrefix("duplicate key") == true)
        #expect(read(("[0." + String(repeating: "1", count: 250_000) + "]").utf8).error == nil)
        #expect(read(("[" + String(repeating: "1", count: 250_000) + "]").utf8).error?.kind == .invalidJSON)
    }

    @Test(
        "31 combining marks in a row are found, in values and keys, and 30 are not",
        arguments: [
            ("\u{301}\u{323}", 1), ("\u{301}\u{200D}", 2), ("\u{301}\u{34F}", 2), ("\u{FF9E}", 1), ("\u{F73}", 1),
            ("\u{1E8D0}", 1),
        ])
    func markRuns(_ unit: String, _ scalarsPerMark: Int) {
        let marks = String(String.UnicodeScalarView(Array(repeating: unit.unicodeScalars, count: 31).joined()))
        func path(_ json: String) -> String? {
            reading(json.utf8) { (body) throws(InputError) in try JSONReader.read(body) { $0.firstMarkRun } }
                .value.flatMap { $0 }
        }
        func run(_ count: Int) -> String {
            String(String.UnicodeScalarView(marks.unicodeScalars.prefix(count * scalarsPerMark)))
        }
        #expect(path(#"{"a":["x",{"b":"e\#(run(30))"}]}"#) == nil)
        #expect(path(#"{"a":["x",{"b":"e\#(run(31))"}]}"#) == "a[1].b")
        #expect(path(#"{"a":"\n\#(run(20))e\#(run(20))"}"#) == nil)
        #expect(path(#"["\#(run(31))"]"#) == "[0]")
    }

    @Test("An escaped mark counts, and so does one in a key")
    func markRunForms() {
        let escaped = String(repeating: #"\u0301"#, count: 31)
        let result = reading("{\"data\":{\"a\":{\"\(escaped)\":1}}}".utf8) { (body) throws(InputError) in
            try JSONReader.read(body) { $0.firstMarkRun }
        }
        #expect(result.value == "data.a")
    }

    @Test("Members and elements are found past nested values")
    func navigation() {
        let json = #"{"a":{"b":[1,{"c":2}],"d":3},"b":[],"\u0065":"x\ty","f":true,"n":null,"g":-1.5e2}"#
        let result = reading(json.utf8) { (body) throws(InputError) in
            try JSONReader.read(body) { root in
                #expect(root.members.map(\.key.string) == ["a", "b", "e", "f", "n", "g"])
                #expect(root.member("a")?.member("d")?.number == 3)
                #expect(root.member("a")?.member("b")?.elements.map(\.kind) == [.number, .object])
                #expect(root.member("c") == nil && root.member("d") == nil)
                #expect(root.member("e")?.string == "x\ty")
                #expect(root.member("f")?.bool == true)
                #expect(root.member("n")?.kind == .null)
                #expect(root.member("g")?.number == -150)
                #expect(root.member("b")?.member("a") == nil && root.member("f")?.string == nil)
            }
        }
        #expect(result.error == nil)
    }
}
