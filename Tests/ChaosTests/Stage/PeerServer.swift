import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// The gateway or the callback server, behind a proxy: writes down what it gets and answers as its mood is.
final class PeerServer: Sendable {
    /// Springs once, at the next request but `skip` of this instance.
    struct Trap: Sendable {
        var instance: String
        var skip: Int
        /// Whether the answer goes out first.
        var answersFirst: Bool
        var deed: @Sendable () -> Void
    }

    private struct State {
        var mood = Fault.Mood.well
        var count = 0
        var trap: Trap?
    }

    let sink: HTTPSink
    let proxy: FaultProxy
    private let state = Mutex(State())

    /// - Parameter note: is told of each request, of the instance that made it, and what status it is answered with.
    static func start(
        answering: @escaping @Sendable (JSON, _ instance: String) -> HTTPSink.Reply,
        note: @escaping @Sendable (HTTPSink.Request, JSON, _ instance: String, _ answer: Int) -> Void
    ) async throws -> PeerServer {
        let sink = try await HTTPSink.start()
        let server = PeerServer(sink: sink, proxy: try await .start(to: .tcp(port: sink.port)))
        sink.respond { [weak server] request in
            let instance = String(request.path.split(separator: "/").last ?? "")
            // A request that is no JSON is told to `note` as null.
            let body = (try? JSON(request.text)) ?? .null
            guard let server else { return .close }
            let reply = server.reply(well: answering(body, instance))
            note(request, body, instance, reply.promisedStatus)
            server.spring(instance)
            return reply
        }
        return server
    }

    private init(sink: HTTPSink, proxy: FaultProxy) {
        self.sink = sink
        self.proxy = proxy
    }

    func stop() async {
        await proxy.stop()
        await sink.stop()
    }

    func setMood(_ mood: Fault.Mood) {
        state.withLock { $0.mood = mood }
        proxy.setWeather(mood == .refusing ? .refusing : .clear)
    }

    func set(_ trap: Trap?) { state.withLock { $0.trap = trap } }

    private func reply(well: HTTPSink.Reply) -> HTTPSink.Reply {
        let (mood, count) = state.withLock { state in
            state.count += 1
            return (state.mood, state.count)
        }
        switch mood {
        // It takes a while, so that there is always something under way.
        case .well, .refusing: return .late(.milliseconds(Int64(count * 7919 % 50)), well)
        case .slow(let ms), .late(let ms): return .late(.milliseconds(Int64(ms)), well)
        case .hanging: return .silence
        case .garbage: return .bytes("HTP/1.1 2OO wat\r\nzzz\u{0}\r\n\r\n" + String(repeating: "?", count: count % 400))
        case .closing: return .close
        case .cutting:
            return .bytes(String("HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"by\": ".prefix(5 + count % 45)))
        case .dripping: return .drip
        case .failing(let status, let every):
            guard count % every == 0 else { return well }
            return .status(status, headers: status == 429 ? [(name: "retry-after", value: "1")] : [])
        }
    }

    private func spring(_ instance: String) {
        let sprung = state.withLock { state -> Trap? in
            guard let trap = state.trap, trap.instance == instance else { return nil }
            guard trap.skip == 0 else {
                state.trap?.skip -= 1
                return nil
            }
            state.trap = nil
            return trap
        }
        guard let sprung else { return }
        guard sprung.answersFirst else { return sprung.deed() }
        // Somewhere on the answer's way through the instance.
        let delay = TimeAmount.microseconds(.random(in: 100...4000))
        MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: delay) { sprung.deed() }
    }
}

extension HTTPSink.Reply {
    /// The status that it carries; 0 for what is none, and for one that comes when nobody waits any more.
    fileprivate var promisedStatus: Int {
        switch self {
        case .status(let code, _, _): code
        case .late(_, let reply), .held(_, let reply): reply.promisedStatus
        default: 0
        }
    }
}
