import KefuCore
import NIOCore

/// Why a stream could not go on where it was.
enum StreamGap: String {
    /// The id is none that this stream gives out.
    case unknown
    /// What came behind it is not kept any more.
    case trimmed
    /// Redis does not know of it: it has lost its last changes, or the id is made up.
    case future
    /// Nothing is kept: Redis was emptied.
    case emptied

    /// What is wrong with going on behind `id`; nil when nothing is missing.
    static func between(_ id: ChangeID, _ page: ChangePage) -> StreamGap? {
        guard id != .zero else { return nil }
        guard let oldest = page.oldest, let newest = page.newest else { return .emptied }
        if newest < id { return .future }
        return oldest > id ? .trimmed : nil
    }

    var detail: StaticString {
        switch self {
        case .unknown: "this is no id of an event of this stream; the stream goes on from now"
        case .trimmed: "what came behind this id is not kept any more; the stream goes on from now"
        case .future: "the last change is older than this id; the stream goes on from now"
        case .emptied: "no changes are kept; the stream goes on from now"
        }
    }
}

/// The lines of Server-Sent Events (WHATWG HTML, section 9.2). JSON of ours has no line breaks.
enum StreamEvent {
    /// Changes as `event: task`, in parts of about so many bytes.
    static func changes(_ changes: some Collection<Change>, part: Int, _ times: TimeZoneRules) -> [ByteBuffer] {
        var parts: [ByteBuffer] = []
        var buffer = ByteBuffer()
        for change in changes {
            write("task", id: change.id, into: &buffer) { $0.change(change, times) }
            if buffer.readableBytes >= part {
                parts.append(buffer)
                buffer = ByteBuffer()
            }
        }
        if buffer.readableBytes > 0 { parts.append(buffer) }
        return parts
    }

    static func stats(_ stats: StoreStats, _ times: TimeZoneRules) -> ByteBuffer {
        event("stats") { $0.stats(stats, times) }
    }

    /// - Parameters:
    ///   - asked: the id that a client has sent; nil when the instance itself lost the thread.
    ///   - newest: where the stream goes on.
    static func gap(_ gap: StreamGap, asked: String?, newest: ChangeID) -> ByteBuffer {
        event("gap", id: newest == .zero ? nil : newest) { writer in
            writer.beginObject()
            writer.key("reason")
            writer.string(gap.rawValue)
            writer.key("message")
            writer.string("部分变更已无法补上，请重新读取列表")
            writer.key("detail")
            writer.string(String(describing: gap.detail))
            writer.key("last_event_id")
            writer.string(asked)
            writer.endObject()
        }
    }

    static func dropped() -> ByteBuffer {
        event("dropped") {
            $0.notice("slow_reader", "读得太慢，连接即将关闭", "more came than was read; come again with Last-Event-ID")
        }
    }

    static func closing() -> ByteBuffer {
        var buffer = ByteBuffer(string: "retry: \(StreamLimits.reconnectElsewhereMs)\n")
        buffer.writeImmutableBuffer(
            event("closing") {
                $0.notice("shutdown", "实例正在停止，请立刻重连", "this instance stops; come again with Last-Event-ID")
            })
        return buffer
    }

    /// The first lines: the pause before a client comes again, and where it is. An id without data is no event, but
    /// clients keep it.
    static func opening(at id: ChangeID?) -> ByteBuffer {
        var buffer = ByteBuffer(string: "retry: \(StreamLimits.reconnectMs)\n")
        if let id, id != .zero { buffer.writeString("id: \(id)\n") }
        buffer.writeString("\n")
        return buffer
    }

    static let heartbeat = ByteBuffer(string: ": heartbeat\n\n")

    private static func event(
        _ name: StaticString, id: ChangeID? = nil, data: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        var buffer = ByteBuffer()
        write(name, id: id, into: &buffer, data: data)
        return buffer
    }

    private static func write(
        _ name: StaticString, id: ChangeID?, into buffer: inout ByteBuffer, data: (inout JSONWriter) -> Void
    ) {
        if let id { buffer.writeString("id: \(id)\n") }
        buffer.writeStaticString("event: ")
        buffer.writeStaticString(name)
        buffer.writeStaticString("\ndata: ")
        var writer = JSONWriter(capacity: 256)
        data(&writer)
        buffer.writeBytes(writer.bytes)
        buffer.writeStaticString("\n\n")
    }
}

extension JSONWriter {
    fileprivate mutating func change(_ change: Change, _ times: TimeZoneRules) {
        beginObject()
        key("task_id")
        string(change.taskID)
        key("status")
        string(change.status)
        key("cause")
        string(change.cause)
        key("at")
        time(change.atMs, times)
        key("customer_id")
        string(change.customerID)
        key("generation")
        int(change.generation)
        endObject()
    }

    fileprivate mutating func notice(_ reason: String, _ message: String, _ detail: String) {
        beginObject()
        key("reason")
        string(reason)
        key("message")
        string(message)
        key("detail")
        string(detail)
        endObject()
    }
}
