import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A client of Server-Sent Events that keeps all it hears, as it stood on the wire. Only what it was told to send
/// goes out: it never comes again by itself.
package final class EventStream: Sendable {
    package struct Event: Sendable, Equatable {
        /// nil when it has none of its own.
        package var id: String?
        /// Empty for a block without data.
        package var name: String
        package var data: String
        package var retry: String?

        package init(id: String? = nil, name: String = "", data: String = "", retry: String? = nil) {
            self.id = id
            self.name = name
            self.data = data
            self.retry = retry
        }

        /// null when it is not JSON.
        package var json: JSON { (try? JSON(data)) ?? .null }
    }

    fileprivate struct State {
        var raw: [UInt8] = []
        var head: String?
        var isChunked = false
        var text = ""
        var events: [Event] = []
        var comments = 0
        var largestChunk = 0
        /// The last chunk has come.
        var isComplete = false
        var isClosed = false
        var flaw: String?
    }

    private let hearing: Hearing
    private let channel: any Channel

    private init(channel: any Channel, hearing: Hearing) {
        self.channel = channel
        self.hearing = hearing
    }

    /// - Parameter readsNothing: until ``read()`` is called, beyond a small buffer of the kernel's.
    package static func open(
        port: Int, _ target: String = "/api/task/stream", headers: [String] = [], version: String = "1.1",
        readsNothing: Bool = false
    ) async throws -> EventStream {
        let hearing = Hearing()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: !readsNothing)
            .channelOption(.socketOption(.so_rcvbuf), value: readsNothing ? 4_096 : 262_144)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Ear(hearing))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let lines = ["GET \(target) HTTP/\(version)", "Host: kefu"] + headers
        try await channel.writeAndFlush(ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n"))
        let stream = EventStream(channel: channel, hearing: hearing)
        if !readsNothing {
            try await eventually("the stream is answered") { stream.status != nil || stream.isClosed }
        }
        return stream
    }

    package func read() async throws { try await channel.setOption(.autoRead, value: true).get() }

    /// Returns whether or not it was closed already.
    package func close() async { _ = try? await channel.close() }

    package func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    package var status: Int? {
        hearing.state.withLock { $0.head }.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }
    }

    /// The status line and the header fields, as they came.
    package var head: String { hearing.state.withLock(\.head) ?? "" }
    /// What is no event yet; the body of an answer that is no stream.
    package var rest: String { hearing.state.withLock(\.text) }
    /// All blocks, the opening one too.
    package var events: [Event] { hearing.state.withLock(\.events) }
    package var comments: Int { hearing.state.withLock(\.comments) }
    package var isComplete: Bool { hearing.state.withLock(\.isComplete) }
    package var isClosed: Bool { hearing.state.withLock(\.isClosed) }
    package var largestChunk: Int { hearing.state.withLock(\.largestChunk) }
    /// What was wrong with the framing.
    package var flaw: String? { hearing.state.withLock(\.flaw) }

    /// Those of one name.
    package func events(_ name: String) -> [Event] { events.filter { $0.name == name } }

    /// `task_id status` of all changes.
    package var changes: [String] {
        events("task").map { "\($0.json["task_id"].string ?? "?") \($0.json["status"].string ?? "?")" }
    }

    /// Where a client would go on.
    package var lastID: String? { events.last { $0.id != nil }?.id }
}

/// Shared by the handler and its stream.
private final class Hearing: Sendable {
    let state = Mutex(EventStream.State())
}

extension EventStream.State {
    /// Takes whatever of the bytes is complete.
    mutating func take(_ bytes: some Sequence<UInt8>) {
        raw += bytes
        if head == nil {
            guard let end = raw.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            let text = String(decoding: raw[..<end.lowerBound], as: UTF8.self)
            head = text
            isChunked = text.lowercased().contains("\r\ntransfer-encoding: chunked")
            raw.removeSubrange(..<end.upperBound)
        }
        if isChunked {
            while takeChunk() {}
        } else {
            text += String(decoding: raw, as: UTF8.self)
            raw = []
        }
        while let end = text.firstRange(of: "\n\n") {
            takeBlock(text[..<end.lowerBound])
            text.removeSubrange(..<end.upperBound)
        }
    }

    private mutating func takeChunk() -> Bool {
        let newline = Array("\r\n".utf8)
        guard !isComplete, let line = raw.firstRange(of: newline) else { return false }
        guard let size = Int(String(decoding: raw[..<line.lowerBound], as: UTF8.self), radix: 16) else {
            flaw = "no size of a chunk"
            return false
        }
        guard raw.count >= line.upperBound + size + 2 else { return false }
        let end = line.upperBound + size
        if Array(raw[end..<end + 2]) != newline { flaw = "a chunk without its end" }
        text += String(decoding: raw[line.upperBound..<end], as: UTF8.self)
        raw.removeSubrange(..<(end + 2))
        largestChunk = max(largestChunk, size)
        isComplete = size == 0
        if isComplete, !raw.isEmpty { flaw = "bytes behind the last chunk" }
        return !isComplete
    }

    private mutating func takeBlock(_ block: Substring) {
        var event = EventStream.Event()
        for line in block.split(separator: "\n") {
            if line.hasPrefix(":") {
                comments += 1
                continue
            }
            let value = String(line.drop { $0 != ":" }.dropFirst(2))
            switch line.prefix(while: { $0 != ":" }) {
            case "id": event.id = value
            case "event": event.name = value
            case "data": event.data = value
            case "retry": event.retry = value
            default: flaw = "an unknown line: \(line)"
            }
        }
        if event != EventStream.Event() { events.append(event) }
    }
}

/// Belongs to its event loop.
private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let hearing: Hearing

    init(_ hearing: Hearing) { self.hearing = hearing }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hearing.state.withLock { $0.take(unwrapInboundIn(data).readableBytesView) }
    }

    func channelInactive(context: ChannelHandlerContext) { hearing.state.withLock { $0.isClosed = true } }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
