import KefuCore
import Testing

@testable import KefuServer

@Suite struct CursorTests {
    @Test(arguments: ["T", "任务:1", String(repeating: "x", count: 128), ":", "a:b:c"])
    func `A cursor survives the round trip`(id: String) throws {
        let text = PageCursor.task.encode(1_772_154_000_123, id)
        let cursor = try #require(PageCursor.task.decode(text))
        #expect(cursor.number == 1_772_154_000_123)
        #expect(cursor.id == id)
        #expect(PageCursor.callback.decode(text) == nil)
    }

    @Test func `A cut or changed cursor is noticed`() {
        let text = PageCursor.task.encode(1_772_154_000_123, "TASK_20260226_001")
        for length in 0..<text.count { #expect(PageCursor.task.decode(String(text.prefix(length))) == nil) }
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(PageCursor.task.decode(changed) == nil)
        }
        #expect(PageCursor.task.decode(text + "=") == nil)
    }

    @Test func `Base64url is that of the RFC`() {
        let cases = [
            ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
            (Array("foob".utf8), "Zm9vYg"), ([0xFB, 0xFF, 0xFE], "-__-"),
        ]
        for (bytes, text) in cases {
            #expect(Base64URL.encode(bytes) == text)
            #expect(Base64URL.decode(text) == bytes)
        }
        for text in ["Z", "Zh", "Zg==", "Zm9", "Z g", "+//+", "é"] { #expect(Base64URL.decode(text) == nil) }
    }
}

@Suite struct DateFieldTests {
    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ])
    func aDateIsThatOfTheRFC(seconds: Int, text: String) { #expect(DateField.format(epochSeconds: seconds) == text) }
}

@Suite struct TriggerEventTests {
    @Test(arguments: [
        (#"{"at":0}"#, #"{"at":"1970-01-01T08:00:00.000+08:00"}"#),
        (#"{"at":1772154000500,"type":"x"}"#, #"{"at":"2026-02-27T09:00:00.500+08:00","type":"x"}"#),
        (#"{"type":"manual"}"#, #"{"type":"manual"}"#), (#"{"at":"x"}"#, #"{"at":"x"}"#),
    ])
    func onlyTheTimeIsRewritten(stored: String, shown: String) throws {
        let times = try #require(TimeZoneRules(name: "Asia/Shanghai"))
        #expect(TriggerEventJSON.readable(stored, times) == shown)
    }
}

@Suite struct AdmissionTests {
    @Test func `Each class has its share`() {
        var limits = ServerLimits()
        limits.requestsInFlight = 10
        for (load, most) in [(LoadClass.query, 5), (.task, 9), (.event, 10), (.essential, nil as Int?)] {
            let admission = Admission(limits: limits)
            let admitted = (0..<20).filter { _ in admission.enter(load) }.count
            #expect(admitted == most ?? 20)
            for _ in 0..<admitted { admission.leave() }
            #expect(admission.enter(.query))
        }
    }
}
