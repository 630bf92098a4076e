import NIOCore
import NIOHTTP1
import Synchronization

extension HTTPSink {
    /// What one request is answered with.
    package indirect enum Reply: Sendable {
        /// A proper answer with `Content-Length`; the connection stays open.
        case status(Int, headers: [(name: String, value: String)] = [], body: String = "")
        /// These bytes, whatever they are, then the connection is closed.
        case bytes(String)
        /// These bytes, with the connection left open.
        case opening(String)
        /// The connection is closed without a byte.
        case close
        /// Nothing, with the connection left open.
        case silence
        /// The head of a 200 and then one byte of its body every few milliseconds, without end.
        case drip
        /// The head of a 200 without a length and then a body that goes on for as long as the peer reads.
        case endless
        /// The other reply, as soon as the test opens the gate.
        case held(by: Gate, Reply)
        /// The other reply, so much later.
        case late(TimeAmount, Reply)
    }

    /// Holds replies back until the test lets them go.
    package final class Gate: Sendable {
        private struct State {
            var isOpen = false
            var actions: [@Sendable () -> Void] = []
        }

        private let state = Mutex(State())

        package init() {}

        /// Lets everything go that is held, and all that comes later.
        package func open() {
            let actions = state.withLock { state in
                state.isOpen = true
                defer { state.actions = [] }
                return state.actions
            }
            for action in actions { action() }
        }

        func whenOpen(_ action: @escaping @Sendable () -> Void) {
            let isOpen = state.withLock { state in
                if !state.isOpen { state.actions.append(action) }
                return state.isOpen
            }
            if isOpen { action() }
        }
    }
}

extension HTTPSink.Reply {
    /// Writes it. The peer may be gone at any moment, so failed writes mean nothing.
    func perform(on channel: any Channel) {
        switch self {
        case .status(let code, let headers, let body):
            let status = HTTPResponseStatus(statusCode: code)
            var text = "HTTP/1.1 \(code) \(status.reasonPhrase)\r\ncontent-length: \(body.utf8.count)\r\n"
            for header in headers { text += "\(header.name): \(header.value)\r\n" }
            channel.writeAndFlush(ByteBuffer(string: "\(text)\r\n\(body)"), promise: nil)
        case .bytes(let text):
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
        case .opening(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        case .close: channel.close(promise: nil)
        case .silence: break
        case .drip:
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"
            channel.writeAndFlush(ByteBuffer(string: head), promise: nil)
            let pace = TimeAmount.milliseconds(5)
            channel.eventLoop.scheduleRepeatedTask(initialDelay: pace, delay: pace) { task in
                guard channel.isActive else { return task.cancel() }
                channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
            }
        case .endless:
            channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"), promise: nil)
            Self.pour(into: channel)
        case .held(let gate, let reply):
            gate.whenOpen { channel.eventLoop.execute { reply.perform(on: channel) } }
        case .late(let delay, let reply):
            channel.eventLoop.scheduleTask(in: delay) { reply.perform(on: channel) }
        }
    }

    private static func pour(into channel: any Channel) {
        let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 16 * 1024)
        channel.writeAndFlush(part).whenSuccess { pour(into: channel) }
    }
}

/// One accepted connection: collects its requests and performs the replies, one after the other.
final class SinkConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let owner: SinkReference
    private var number = 0
    private var requests = 0
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(owner: SinkReference) { self.owner = owner }

    func channelActive(context: ChannelHandlerContext) {
        number = owner.value?.accepted(context.channel) ?? 0
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        owner.value?.closed(connection: number)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            owner.value?.begun()
        case .body(let part): body.append(contentsOf: part.readableBytesView)
        case .end:
            guard let head, let sink = owner.value else { return }
            requests += 1
            let request = HTTPSink.Request(
                number: 0, connection: number, numberOnConnection: requests, method: head.method.rawValue,
                path: head.uri, headers: head.headers.map { ($0.name, $0.value) }, body: body,
                arrival: ContinuousClock.now)
            sink.record(request).perform(on: context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)  // Not HTTP, or reset by the peer: the test sees it as a closed connection.
    }
}
