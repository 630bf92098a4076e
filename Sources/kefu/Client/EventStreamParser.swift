/// One event of a stream of Server-Sent Events.
struct ServerSentEvent: Equatable, Sendable {
    /// `message` unless the stream named another.
    var type: String
    var data: String
    /// What `Last-Event-ID` has to say to go on behind it; empty when there was none yet.
    var id: String
}

/// Reads a stream of Server-Sent Events (HTML Living Standard, 9.2.5 and 9.2.6) from its bytes, however they are cut.
struct EventStreamParser {
    /// In bytes; so long a line is not Kefu's.
    static let longestLine = 4 * 1024 * 1024
    /// In bytes: all `data` lines of one event.
    static let longestData = 8 * 1024 * 1024

    struct TooLong: Error, Equatable {}

    /// Of the last event that was dispatched.
    private(set) var lastEventID = ""
    /// In milliseconds: how long the stream asks to wait before a new connection.
    private(set) var retryMs: Int?

    private var line: [UInt8] = []
    private var isFirstLine = true
    private var endedWithReturn = false
    private var type: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var id: [UInt8] = []

    /// - Throws: when a line or an event is longer than any that is expected; the stream is of no use then.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let followsReturn = endedWithReturn
            endedWithReturn = false
            switch byte {
            case UInt8(ascii: "\n") where followsReturn: break  // The second half of a line's end.
            case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                endedWithReturn = byte == UInt8(ascii: "\r")
                if let event = try endLine() { events.append(event) }
            default:
                line.append(byte)
                if line.count > Self.longestLine { throw TooLong() }
            }
        }
        return events
    }

    private mutating func endLine() throws(TooLong) -> ServerSentEvent? {
        var content = line[...]
        defer {
            line.removeAll(keepingCapacity: line.capacity <= 64 * 1024)
            isFirstLine = false
        }
        // One byte order mark may lead the stream.
        if isFirstLine, content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        guard !content.isEmpty else { return dispatch() }
        let name = content.prefix { $0 != UInt8(ascii: ":") }
        var value = content.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        try take(field: name, value)
        return nil
    }

    /// A comment is a field without a name.
    private mutating func take(field name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) throws(TooLong) {
        if name.elementsEqual("data".utf8) {
            if hasData { data.append(UInt8(ascii: "\n")) }
            data.append(contentsOf: value)
            hasData = true
            if data.count > Self.longestData { throw TooLong() }
        } else if name.elementsEqual("event".utf8) {
            type = Array(value)
        } else if name.elementsEqual("id".utf8) {
            if !value.contains(0) { id = Array(value) }
        } else if name.elementsEqual("retry".utf8) {
            guard !value.isEmpty, value.allSatisfy({ 0x30...0x39 ~= $0 }) else { return }
            // More digits than a number has: for ever, which the caller bounds.
            retryMs = Int(String(decoding: value, as: UTF8.self)) ?? .max
        }
    }

    private mutating func dispatch() -> ServerSentEvent? {
        lastEventID = String(decoding: id, as: UTF8.self)
        defer {
            type = []
            data = []
            hasData = false
        }
        guard hasData else { return nil }
        return ServerSentEvent(
            type: type.isEmpty ? "message" : String(decoding: type, as: UTF8.self),
            data: String(decoding: data, as: UTF8.self), id: lastEventID)
    }
}
