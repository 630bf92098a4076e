import KefuCore
import Testing

/// W3C Trace Context, section 3.2: what counts as a `traceparent`, and what becomes of it.
@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00f067aa0ba902b7"
    private static let valid = "00-\(trace)-\(parent)-01"

    @Test(arguments: [
        (valid, valid), ("00-\(trace)-\(parent)-00", "00-\(trace)-\(parent)-00"),
        // The random flag is handed on, others are not known.
        ("00-\(trace)-\(parent)-03", "00-\(trace)-\(parent)-03"),
        ("00-\(trace)-\(parent)-ff", "00-\(trace)-\(parent)-03"),
        ("00-\(trace)-\(parent)-08", "00-\(trace)-\(parent)-00"),
        // Later versions are understood as far as this one goes.
        ("cc-\(trace)-\(parent)-01", valid), ("01-\(trace)-\(parent)-01-what-comes-then", valid),
        ("fe-\(trace)-\(parent)-01-", valid),
    ])
    func `a valid one is handed on as version 00`(field: String, text: String) throws {
        let trace = try #require(TraceParent(field))
        #expect(trace.text == text)
        #expect(trace.traceID == Self.trace)
        #expect(TraceParent(trace.text) == trace)
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-1",
        "00-\(trace)-\(parent)-01-", "00-\(trace)-\(parent)-01-more", "00-\(trace)-\(parent)-010",
        "ff-\(trace)-\(parent)-01", "01-\(trace)-\(parent)-01.more", "0-\(trace)-\(parent)-001",
        "00-\(String(repeating: "0", count: 32))-\(parent)-01", "00-\(trace)-\(String(repeating: "0", count: 16))-01",
        "00-\(trace.uppercased())-\(parent)-01", "00-\(trace)-\(parent.uppercased())-01", "0X-\(trace)-\(parent)-01",
        "00-\(trace)-\(parent)-0G", "00_\(trace)_\(parent)_01", "00-\(trace.dropLast())-\(parent)0-01",
        " \(valid)", "\(valid) ", "\(valid),\(valid)", "00-\(trace)-\(parent)-é",
        "00-\(trace.dropLast(3))é-\(parent)-01",
        "01-\(trace)-\(parent)-01-" + String(repeating: "a", count: 500),
    ])
    func `anything else counts as none`(field: String) { #expect(TraceParent(field) == nil) }

    @Test func `no mutation of a valid one makes anything but a valid one`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Array(Self.valid.utf8)
            for _ in 0..<Int.random(in: 1...3) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0x20...0x7E)
            }
            guard let trace = TraceParent(String(decoding: bytes, as: UTF8.self)) else { continue }
            #expect(trace.text.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]/) != nil, "\(bytes)")
        }
    }
}

/// The event that a record keeps, and the trace in it.
@Suite struct RecordedEventTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `an event that joins a trace carries it in its record, right behind its time`() throws {
        var event = CustomerEvent(kind: .message, customerID: "c", recordJSON: #"{"type":"customer_message"}"#)
        event.join(nil)
        #expect(event.recordJSON == #"{"type":"customer_message"}"#)
        event.join(TraceParent(Self.trace))
        #expect(event.recordJSON == #"{"traceparent":"\#(Self.trace)","type":"customer_message"}"#)
        let recorded = try #require(RecordedEvent(#"{"at":5,"# + event.recordJSON.dropFirst()))
        #expect(recorded.trace?.text == Self.trace)
        #expect(recorded.withoutTrace == #"{"at":5,"type":"customer_message"}"#)
        #expect(recorded.isReported)
    }

    @Test(arguments: [
        #"{"at":5,"type":"customer_message","text":"\",\"traceparent\":\""}"#, #"{"at":5}"#,
        #"{"at":5,"type":"custom_event","data":{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}"#,
    ])
    func `without one nothing else is taken for it`(json: String) throws {
        let recorded = try #require(RecordedEvent(json))
        #expect(recorded.trace == nil)
        #expect(recorded.withoutTrace == json)
    }

    @Test func `one that somebody has changed by hand is no trace, and goes nowhere`() throws {
        let recorded = try #require(RecordedEvent(#"{"at":5,"traceparent":"x\r\nHost: y","type":"manual"}"#))
        #expect(recorded.trace == nil)
        #expect(recorded.withoutTrace == #"{"at":5,"type":"manual"}"#)
        #expect(RecordedEvent(#"{"type":"x"}"#) == nil)
        #expect(RecordedEvent(#"{"at":5,"traceparent":"unended"#)?.trace == nil)
    }

    @Test(arguments: [#"{"at":5,"type":"time_reach"}"#, #"{"at":5,"type":"manual"}"#])
    func `times and people report no event`(json: String) {
        #expect(RecordedEvent(json)?.isReported == false)
    }
}
